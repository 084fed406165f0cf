// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { defineComponent, h } from 'vue'
import type { Job } from '@/api/client'
import { useExports } from '@/composables/useExports'
import type { Interval } from '@/lib/interval'
import { useNotices } from '@/stores/notices'
import { shown } from '@/test/shown'
import ExportMenu from './ExportMenu.vue'

const server = { asked: [] as string[], started: [] as object[], refuses: '' }
const elan = { format: 'elan', text: 'ELAN', suffix: '.eaf', media_type: 'text/x-eaf+xml' }

function written(name: string) {
  if (server.refuses) return Promise.reject(new Error(server.refuses))
  server.asked.push(name)
  return Promise.resolve({ name, data: new Blob(['x']) })
}

vi.mock('@/api/streams', () => ({ openStream: () => ({ close: () => undefined }) }))
vi.mock('@/api/exports', () => ({
  listFormats: () => Promise.resolve([elan]),
  exportVideo: (project: string, video: string, fragment: string, format: { format: string }, part: Interval | null) =>
    written(`${project}/${video}#${fragment}.${format.format}${part ? `, ${part.start} to ${part.end}` : ''}`),
  exportProject: (project: string, format: { format: string }) => written(`${project}.${format.format}`),
}))
vi.mock('@/api/jobs', () => ({
  startJob: (_project: string, kind: string, params: object) => {
    server.started.push({ kind, ...params })
    return Promise.resolve({
      job_id: String(server.started.length),
      project: 'p',
      kind,
      params,
      status: 'queued',
      result: {},
    } as Job)
  },
}))

// Where the menu finds its place; the window of the tests has none.
vi.stubGlobal('visualViewport', new EventTarget())
// A menu of Vuetify is much for a machine that has other work too.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => Object.assign(server, { asked: [], started: [], refuses: '' }))

const interval = { start: 1.0004, end: 1.5 }

/** The menu with what stands behind it, as the page of a video has them. */
const Holder = defineComponent({
  setup() {
    const key = { project: () => 'p', videoId: () => 'v1', fragment: () => 't=1,2' }
    const exporting = useExports(key, () => '/films/a.mp4')
    return () => h(ExportMenu, { exporting, interval, disabled: false })
  },
})

async function opened() {
  shown(Holder, {})
  await userEvent.click(screen.getByLabelText('Export what was seen'))
  return screen.findByText('elan')
}

it('writes a format of this video, of a stretch of it, or of all in the project', async () => {
  await userEvent.click(await opened())
  await waitFor(() => expect(server.asked).toEqual(['p/v1#t=1,2.elan']))
  await userEvent.click(screen.getByText('0:01.00–0:01.50'))
  await userEvent.click(screen.getByText('elan'))
  await waitFor(() => expect(server.asked.at(-1)).toBe('p/v1#t=1,2.elan, 1.0004 to 1.5'))
  await userEvent.click(screen.getByText('All videos'))
  await userEvent.click(screen.getByText('elan'))
  await waitFor(() => expect(server.asked.at(-1)).toBe('p.elan'))
  expect(useNotices().current?.text).toBe('p.elan is ready.')
})

it('says why nothing was written', async () => {
  server.refuses = 'The disk is full.'
  await userEvent.click(await opened())
  await waitFor(() => expect(useNotices().current?.text).toBe('Not exported: The disk is full.'))
})

it('has videos made by jobs', async () => {
  await opened()
  await userEvent.click(screen.getByText('With faces covered'))
  await waitFor(() => expect(server.started).toHaveLength(1))
  expect(useNotices().current?.text).toBe('With faces covered: being made. You will be told when it is ready.')
  await userEvent.click(screen.getByText('0:01.00–0:01.50'))
  expect(screen.queryByText('With names on it')).toBeNull()
  await userEvent.click(screen.getByText('Clips'))
  await waitFor(() => expect(server.started).toHaveLength(2))
  await userEvent.click(screen.getByText('All videos'))
  await userEvent.click(screen.getByText('With names on it'))
  await waitFor(() => expect(server.started).toHaveLength(3))
  const video = '/films/a.mp4#t=1,2'
  expect(server.started).toEqual([
    { kind: 'export', video, redact: 'everyone' },
    { kind: 'export', video, interval: [1, 1.5], clips: true },
    { kind: 'export', burn_in: true },
  ])
})
