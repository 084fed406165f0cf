// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import type { Job } from '@/api/client'
import { useNotices } from '@/stores/notices'
import { shown } from '@/test/shown'
import TrainPanel from './TrainPanel.vue'

const server = { jobs: [] as Job[], started: [] as string[], cancelled: [] as string[], refuses: '' }

vi.mock('@/api/streams', () => ({ openStream: () => ({ close: () => undefined }) }))
vi.mock('@/api/library', () => ({
  listJobs: () => Promise.resolve(server.jobs),
  cancelJob: (id: string) => {
    server.cancelled.push(id)
    return Promise.resolve(job(id, 'train', { status: 'cancelled' }))
  },
  retryJob: () => Promise.reject(new Error('not asked for')),
}))
vi.mock('@/api/jobs', () => ({
  startJob: (_project: string, kind: string) => {
    if (server.refuses) return Promise.reject(new Error(server.refuses))
    server.started.push(kind)
    return Promise.resolve(job(`9${server.started.length}`, kind))
  },
}))

function job(job_id: string, kind: string, more: Partial<Job> = {}): Job {
  const plain = { project: 'p', status: 'queued', progress: 0, message: '', error: '', params: {}, result: {} }
  return { job_id, kind, ...plain, created_at: '', started_at: '', ended_at: '', attempts: 0, ...more } as Job
}

const model = { model_id: '0002-SVM', people: ['Ann'], n_images: 6, created_at: '2026-01-01T00:00:00+00:00' }
const nothing = { model_id: '0002-SVM', added: 0, removed: 0, people_added: [], people_removed: [], decisions: 0 }

function panel(since: object | null = {}, more: object = {}) {
  const since_model = since && { ...nothing, ...since }
  const summary = { training: 12, to_align: 0, since_model, ...more }
  return shown(TrainPanel, { project: 'p', model: since ? model : null, summary })
}

const train = (): Promise<HTMLElement> => screen.findByRole('button', { name: 'Train' })

beforeEach(() => Object.assign(server, { jobs: [], started: [], cancelled: [], refuses: '' }))

it('says what is new since the model, and trains', async () => {
  panel({ added: 3, removed: 1, people_added: ['Eve', 'Flo'], decisions: 2 })
  expect(screen.getByText(/Since then:/).textContent).toContain(
    '2 new people: Eve, Flo · 3 pictures added · 1 picture taken out · 2 decisions',
  )
  await userEvent.click(await train())
  await screen.findByRole('progressbar', { name: 'Train' })
  expect(server.started).toEqual(['train'])
  expect(screen.queryByRole('button', { name: 'Train' })).toBeNull()
})

it('says where training again would change nothing', () => {
  panel()
  expect(screen.getByText(/training again would give the same/)).toBeTruthy()
})

it('finds the faces in new pictures before it trains', async () => {
  panel({ added: 3 }, { to_align: 3 })
  await userEvent.click(await train())
  await waitFor(() => expect(server.started).toEqual(['align', 'train']))
})

it('has nothing to train on before there are pictures', async () => {
  panel(null, { training: 0 })
  expect(screen.getByText(/no pictures to learn from/)).toBeTruthy()
  expect((await train()).hasAttribute('disabled')).toBe(true)
})

it('shows how far it is, and cancels all that leads to a model', async () => {
  server.jobs = [
    job('2', 'train'),
    job('1', 'align', { status: 'running', progress: 0.4, message: 'Aligning: 4 of 10' }),
  ]
  panel({ added: 3 })
  const line = (await screen.findByText(/Aligning: 4 of 10/)).closest('p')!
  expect(line.textContent.trim()).toBe('Find faces: Aligning: 4 of 10')
  expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40')
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  await waitFor(() => expect(server.cancelled.sort()).toEqual(['1', '2']))
})

it('says why the last training failed, until there is a better one', async () => {
  server.jobs = [job('1', 'train', { status: 'failed', error: 'Two people at least.' })]
  panel()
  expect((await screen.findByRole('alert')).textContent).toContain('Two people at least.')
  expect(await train()).toBeTruthy()
})

it('tells the reason of a refusal, and can be asked again', async () => {
  server.refuses = 'You are a viewer.'
  panel({ added: 1 })
  await userEvent.click(await train())
  await waitFor(() => expect(useNotices().current?.text).toBe('You are a viewer.'))
  expect((await train()).hasAttribute('disabled')).toBe(false)
})
