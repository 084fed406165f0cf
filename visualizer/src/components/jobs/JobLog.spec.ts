// @vitest-environment happy-dom
import { screen } from '@testing-library/vue'
import { shown } from '@/test/shown'
import JobLog from './JobLog.vue'

const line = (number: number, message: string, what = 'log', status = 'running') => ({
  ...{ job_id: '1', number, what, message, status, progress: 0 },
  created_at: '2026-01-01T10:00:00+00:00',
})

function height(element: HTMLElement, scrollHeight: number): void {
  Object.defineProperty(element, 'scrollHeight', { value: scrollHeight, configurable: true })
  Object.defineProperty(element, 'clientHeight', { value: 100, configurable: true })
}

const texts = (): string[] =>
  [...screen.getByRole('log').querySelectorAll('p > span')].map((one) => one.textContent ?? '')

it('tells lines as they were written, and states in words', () => {
  shown(JobLog, {
    lines: [line(1, 'queued', 'status', 'queued'), line(2, 'begins, attempt 1', 'status'), line(3, '<b>Ann</b>')],
    live: true,
  })
  expect(texts()).toEqual(['waiting', 'at work: begins, attempt 1', '<b>Ann</b>'])
})

it('follows the newest line, but not whoever has scrolled up to read', async () => {
  const { rerender } = shown(JobLog, { lines: [line(1, 'one')], live: true })
  const log = screen.getByRole('log')
  height(log, 500)
  await rerender({ lines: [line(1, 'one'), line(2, 'two')], live: true })
  expect(log.scrollTop).toBe(500)
  log.scrollTop = 120
  log.dispatchEvent(new Event('scroll'))
  height(log, 600)
  await rerender({ lines: [line(1, 'one'), line(2, 'two'), line(3, 'three')], live: true })
  expect(log.scrollTop).toBe(120)
})

it('says that nothing is there, and whether anything will be', async () => {
  const { rerender } = shown(JobLog, { lines: [], live: true })
  expect(screen.getByRole('log').textContent).toContain('Nothing is written down yet.')
  await rerender({ lines: [], live: false })
  expect(screen.getByRole('log').textContent).toContain('Nothing was written down.')
})
