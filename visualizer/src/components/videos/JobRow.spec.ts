// @vitest-environment happy-dom
import { cleanup, screen } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import type { Job } from '@/api/client'
import { shown } from '@/test/shown'
import JobRow from './JobRow.vue'

afterEach(cleanup)

function row(more: Partial<Job>) {
  const plain = { job_id: '1', project: 'p', kind: 'analyse', status: 'running', progress: 0.4, message: '', error: '' }
  const job = {
    ...plain,
    params: { video: 'news.mp4' },
    result: {},
    cancel_requested: false,
    ...more,
  } as unknown as Job
  return shown(JobRow, { job })
}

it('says how far it is, and can be watched and stopped', async () => {
  const { emitted } = row({ message: 'Frame 200', result: { video_id: 'v1' } })
  expect(screen.getByText(/40 %/)).toBeTruthy()
  expect(screen.getByRole('progressbar', { name: 'Frame 200' }).getAttribute('aria-valuenow')).toBe('40')
  expect(screen.getByRole('link', { name: 'Watch' }).getAttribute('href')).toContain('/videos/v1')
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(emitted('cancel')).toHaveLength(1)
})

it('says why it failed; then it can be tried again, or hidden', async () => {
  const { emitted } = row({ status: 'failed', error: 'The disk is full.', message: 'Frame 200' })
  expect(screen.getByText('The disk is full.')).toBeTruthy()
  expect(screen.queryByText('Frame 200')).toBeNull()
  expect(screen.queryByRole('progressbar')).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Again' }))
  await userEvent.click(screen.getByRole('button', { name: /^Hide: .*news\.mp4$/ }))
  expect(emitted('retry')).toHaveLength(1)
  expect(emitted('dismiss')).toHaveLength(1)
})
