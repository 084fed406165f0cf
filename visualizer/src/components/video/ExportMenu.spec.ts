// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { defineComponent, h } from 'vue'
import type { Job, Person } from '@/api/client'
import { useExports } from '@/composables/useExports'
import type { Interval } from '@/lib/interval'
import { useNotices } from '@/stores/notices'
import { shown } from '@/test/shown'
import { lanes as lanesOf, seen, unknown } from '@/test/people'
import CoverDialog from './CoverDialog.vue'
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
    if (server.refuses) return Promise.reject(new Error(server.refuses))
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
afterEach(() => (document.body.innerHTML = ''))

const interval = { start: 1.0004, end: 1.5 }

/** The menu with what stands behind it, as the page of a video has them. */
const Holder = defineComponent({
  setup() {
    const key = { project: () => 'p', videoId: () => 'v1', fragment: () => 't=1,2' }
    const exporting = useExports(key, () => '/films/a.mp4')
    const lanes = lanesOf(seen(1), seen(2, { person_id: 'b', name: 'Bo, Ben' }), seen(3, unknown(4)))
    const people = [
      { person_id: 'a', name: 'Ann Ace' },
      { person_id: 'e', name: 'Eve Elsewhere' },
    ]
    return () => [
      h(ExportMenu, { exporting, interval, disabled: false }),
      h(CoverDialog, { project: 'p', exporting, lanes, people: people as Person[] }),
    ]
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
  await userEvent.click(screen.getByText('0:01.0–0:01.5'))
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
  await userEvent.click(screen.getByText('With names on it'))
  await waitFor(() => expect(server.started).toHaveLength(1))
  expect(useNotices().current?.text).toBe('With names on it: being made. You will be told when it is ready.')
  await userEvent.click(screen.getByText('0:01.0–0:01.5'))
  expect(screen.queryByText('With names on it')).toBeNull()
  await userEvent.click(screen.getByText('Clips'))
  await waitFor(() => expect(server.started).toHaveLength(2))
  await userEvent.click(screen.getByText('All videos'))
  await userEvent.click(screen.getByText('With names on it'))
  await waitFor(() => expect(server.started).toHaveLength(3))
  const video = '/films/a.mp4#t=1,2'
  expect(server.started).toEqual([
    { kind: 'export', video, burn_in: true },
    { kind: 'export', video, interval: [1, 1.5], clips: true },
    { kind: 'export', burn_in: true },
  ])
})

describe('a film with covered faces', () => {
  async function asked() {
    await userEvent.click(screen.getByText('With faces covered'))
    await screen.findByRole('dialog', { name: 'Cover faces' })
  }
  const people = () =>
    screen.getAllByRole('checkbox').map((box) => box.closest('label')!.querySelector('.name')!.textContent)

  it('shows nobody, or all who are chosen', async () => {
    await opened()
    await asked()
    expect(people().sort()).toEqual(['Ann Ace', 'Bo, Ben'])
    await userEvent.click(screen.getByRole('button', { name: 'Make the film' }))
    await waitFor(() =>
      expect(server.started).toEqual([{ kind: 'export', video: '/films/a.mp4#t=1,2', redact: 'everyone' }]),
    )
    await waitFor(() => expect(useNotices().current?.text).toMatch(/^With faces covered: being made/))
    await userEvent.click(screen.getByRole('button', { name: 'Export what was seen' }))
    await asked()
    await userEvent.click(screen.getByRole('checkbox', { name: /Bo, Ben/ }))
    await screen.findByText('1 stays visible')
    await userEvent.click(screen.getByRole('button', { name: 'Make the film' }))
    await waitFor(() => expect(server.started.at(-1)).toMatchObject({ redact: 'all-but:Bo, Ben;' }))
    await waitFor(() => expect(useNotices().current?.text).toMatch(/^With faces covered, but for Bo, Ben: being made/))
  })

  it('may be made of all videos, whoever is in them', async () => {
    await opened()
    await userEvent.click(screen.getByText('All videos'))
    await asked()
    expect(people()).toEqual(['Ann Ace', 'Eve Elsewhere'])
    await userEvent.click(screen.getByRole('checkbox', { name: /Eve/ }))
    await userEvent.click(screen.getByRole('button', { name: 'Make the film' }))
    await waitFor(() => expect(server.started).toEqual([{ kind: 'export', redact: 'all-but:Eve Elsewhere;' }]))
  })

  it('says why it cannot be made, and keeps who was chosen', async () => {
    server.refuses = 'The disk is full.'
    await opened()
    await asked()
    await userEvent.click(screen.getByRole('checkbox', { name: /Ann/ }))
    await userEvent.click(screen.getByRole('button', { name: 'Make the film' }))
    expect((await screen.findByRole('alert')).textContent).toBe('Not exported: The disk is full.')
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /Ann/ }).checked).toBe(true)
  })
})
