// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import type { Job } from '@/api/client'
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
  exportVideo: (project: string, video: string, fragment: string, format: { format: string }) =>
    written(`${project}/${video}#${fragment}.${format.format}`),
  exportProject: (project: string, format: { format: string }) => written(`${project}.${format.format}`),
}))
vi.mock('@/api/jobs', () => ({
  startJob: (_project: string, kind: string, params: object) => {
    server.started.push({ kind, ...params })
    return Promise.resolve({ job_id: '7', project: 'p', kind, status: 'queued' } as Job)
  },
}))

// Where the menu finds its place; the window of the tests has none.
vi.stubGlobal('visualViewport', new EventTarget())
// A menu of Vuetify is much for a machine that has other work too.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => Object.assign(server, { asked: [], started: [], refuses: '' }))

async function opened() {
  const target = { project: () => 'p', videoId: () => 'v1', fragment: () => 't=1,2' }
  shown(ExportMenu, { target, locator: '/films/a.mp4', disabled: false })
  await userEvent.click(screen.getByLabelText('Export what was seen'))
  return screen.findByText('elan')
}

it('writes a format of this video, or of all in the project', async () => {
  await userEvent.click(await opened())
  await waitFor(() => expect(server.asked).toEqual(['p/v1#t=1,2.elan']))
  await userEvent.click(screen.getByText('Whole project'))
  await userEvent.click(screen.getByText('elan'))
  await waitFor(() => expect(server.asked).toEqual(['p/v1#t=1,2.elan', 'p.elan']))
  expect(useNotices().current?.text).toBe('p.elan is ready.')
})

it('says why nothing was written', async () => {
  server.refuses = 'The disk is full.'
  await userEvent.click(await opened())
  await waitFor(() => expect(useNotices().current?.text).toBe('Not exported: The disk is full.'))
})

it('has videos made by jobs', async () => {
  await opened()
  await userEvent.click(screen.getByText('Redacted video'))
  await waitFor(() => expect(server.started).toHaveLength(1))
  expect(useNotices().current?.action?.label).toBe('Show it')
  await userEvent.click(screen.getByText('Whole project'))
  await userEvent.click(screen.getByText('Clips'))
  await waitFor(() => expect(server.started).toHaveLength(2))
  expect(server.started).toEqual([
    { kind: 'export', video: '/films/a.mp4#t=1,2', redact: 'everyone' },
    { kind: 'export', clips: true },
  ])
})
