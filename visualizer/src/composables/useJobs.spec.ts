// @vitest-environment happy-dom
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp, effectScope } from 'vue'
import type { Job } from '@/api/client'
import type { Listener } from '@/api/streams'
import { useJob } from './useJob'
import { useJobs, useStartJob } from './useJobs'
import { useEndedJobs } from './useJobStream'

const streams: { address: () => string; listener: Listener; close: ReturnType<typeof vi.fn> }[] = []
const server = { jobs: [] as Job[], events: [] as { number: number }[], asked: 0 }

vi.mock('@/api/streams', () => ({
  openStream: (address: () => string, _names: string[], listener: Listener) => {
    const close = vi.fn()
    streams.push({ address, listener, close })
    return { close }
  },
}))
vi.mock('@/api/library', () => ({
  listJobs: () => {
    server.asked++
    return Promise.resolve(server.jobs)
  },
}))
vi.mock('@/api/jobs', () => ({
  startJob: (project: string, kind: string) => Promise.resolve(job('9', { project, kind })),
  getJob: (id: string) => Promise.resolve(server.jobs.find(({ job_id }) => job_id === id)),
  listEvents: (_id: string, after: number) => Promise.resolve(server.events.filter(({ number }) => number > after)),
}))

function job(job_id: string, more: Partial<Job> = {}): Job {
  return { job_id, project: 'p', kind: 'crawl', status: 'queued', progress: 0, message: '', params: {}, ...more } as Job
}

function within<T>(setup: () => T) {
  const app = createApp({})
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  app.use(VueQueryPlugin, { queryClient: queries })
  const scope = effectScope()
  const made = app.runWithContext(() => scope.run(setup)!)
  return { ...made, queries, stop: () => scope.stop() }
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(5)

beforeEach(() => {
  vi.useFakeTimers()
  streams.length = 0
  Object.assign(server, { jobs: [job('1', { status: 'running' })], events: [], asked: 0 })
})
afterEach(() => vi.useRealTimers())

describe('the jobs of a project', () => {
  it('are told by one stream, however many look, and are not asked for while it tells', async () => {
    const { first, second, stop } = within(() => ({ first: useJobs('p'), second: useJobs('p') }))
    streams[0]!.listener.opened()
    await settled()
    expect(streams.length).toBe(1)
    expect(streams[0]!.address()).toBe('/api/v1/jobs/stream?project=p')
    streams[0]!.listener.heard('job', job('1', { status: 'running', progress: 0.5 }))
    streams[0]!.listener.heard('job', job('2'))
    await settled()
    for (const { data } of [first, second])
      expect(data.value?.map((one) => [one.job_id, one.progress])).toEqual([
        ['2', 0],
        ['1', 0.5],
      ])
    expect(second.live.value.length).toBe(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(server.asked).toBe(1)
    stop()
    await vi.advanceTimersByTimeAsync(2000)
    expect(streams[0]!.close).toHaveBeenCalledOnce()
  })

  it('are asked for where there is no stream, and again when there is one', async () => {
    const { jobs, stop } = within(() => ({ jobs: useJobs('p') }))
    await settled()
    streams[0]!.listener.lost()
    await settled()
    expect(jobs.stream.value).toBe('polling')
    const asked = server.asked
    server.jobs = [job('1', { status: 'running', progress: 0.7 })]
    await vi.advanceTimersByTimeAsync(4000)
    expect(server.asked).toBeGreaterThan(asked + 1)
    expect(jobs.data.value?.[0]?.progress).toBe(0.7)
    streams[0]!.listener.opened()
    await settled()
    const then = server.asked
    await vi.advanceTimersByTimeAsync(30_000)
    expect(server.asked).toBe(then)
    stop()
  })

  it('an answer that was on its way does not undo what was told meanwhile', async () => {
    let answer: (jobs: Job[]) => void = () => undefined
    server.jobs = new Promise<Job[]>((done) => (answer = done)) as unknown as Job[]
    const { jobs, stop } = within(() => ({ jobs: useJobs('p') }))
    streams[0]!.listener.opened()
    await settled()
    streams[0]!.listener.heard('job', job('1', { status: 'done' }))
    answer([job('1', { status: 'running' })])
    await settled()
    expect(jobs.data.value?.[0]?.status).toBe('done')
    stop()
  })

  it.each(['told', 'asked', 'missed'])(
    'an end that is %s makes old what the job changed, and is told once',
    async (how) => {
      const heard = vi.fn()
      const { queries, stop } = within(() => {
        useEndedJobs(heard)
        return { jobs: useJobs('p'), others: useJobs('p') }
      })
      queries.setQueryData(['people', 'p'], [])
      queries.setQueryData(['models', 'p'], [])
      await settled()
      const { listener } = streams[0]!
      listener.opened()
      server.jobs = [job('1', { status: 'done' })]
      if (how === 'told') listener.heard('job', server.jobs[0])
      if (how === 'asked') listener.lost()
      if (how === 'missed') listener.heard('jobs', { items: [] })
      await settled()
      expect(heard).toHaveBeenCalledOnce()
      expect(queries.getQueryState(['people', 'p'])?.isInvalidated).toBe(true)
      expect(queries.getQueryState(['models', 'p'])?.isInvalidated).toBe(false)
      stop()
    },
  )

  it('a job that was started is in the list at once', async () => {
    const { jobs, start, stop } = within(() => ({ jobs: useJobs('p'), start: useStartJob('p') }))
    await settled()
    start.mutate({ kind: 'train' })
    await settled()
    expect(jobs.data.value?.map(({ kind }) => kind)).toEqual(['train', 'crawl'])
    stop()
  })
})

describe('one job', () => {
  const event = (number: number, message: string, what = 'log', more = {}) => ({
    ...{ job_id: '1', number, what, message, status: 'running', progress: 0, created_at: '' },
    ...more,
  })

  it('is followed line by line to its end, each line once', async () => {
    const { one, stop } = within(() => ({ one: useJob('1') }))
    await settled()
    const { listener, address, close } = streams[0]!
    for (const n of [1, 2, 2, 1, 3]) listener.heard('log', event(n, `line ${n}`))
    listener.heard('progress', event(4, 'half', 'progress', { progress: 0.5 }))
    expect(one.lines.value.map(({ message }) => message)).toEqual(['line 1', 'line 2', 'line 3'])
    expect(one.data.value).toMatchObject({ progress: 0.5, message: 'half' })
    expect(address()).toBe('/api/v1/jobs/1/stream?after=4')
    listener.heard('end', job('1', { status: 'done', progress: 1 }))
    await settled()
    expect(one.data.value?.status).toBe('done')
    expect(one.isComplete.value).toBe(true)
    expect(close).toHaveBeenCalledOnce()
    stop()
  })

  it('its log does not lead it back to what is long past', async () => {
    server.jobs = [job('1', { status: 'running', progress: 0.8 })]
    const { one, stop } = within(() => ({ one: useJob('1') }))
    await settled()
    streams[0]!.listener.heard('status', event(1, 'queued', 'status', { status: 'queued' }))
    streams[0]!.listener.heard('progress', event(2, 'little', 'progress', { progress: 0.1 }))
    expect(one.data.value).toMatchObject({ status: 'running', progress: 0.8 })
    stop()
  })

  it('is asked for where its stream is refused, from where it was, and stops with its end', async () => {
    const { one, stop } = within(() => ({ one: useJob('1') }))
    await settled()
    streams[0]!.listener.heard('log', event(1, 'told'))
    server.events = [event(1, 'told'), event(2, 'asked')]
    streams[0]!.listener.lost()
    await settled()
    expect(one.lines.value.map(({ message }) => message)).toEqual(['told', 'asked'])
    server.events.push(event(3, 'last'))
    server.jobs = [job('1', { status: 'failed', error: 'No disk.' })]
    await vi.advanceTimersByTimeAsync(2500)
    expect(one.lines.value.length).toBe(3)
    expect(one.data.value?.error).toBe('No disk.')
    expect(one.isComplete.value).toBe(true)
    stop()
  })

  it('that is retried is followed again', async () => {
    server.jobs = [job('1', { status: 'failed' })]
    const { one, queries, stop } = within(() => ({ one: useJob('1') }))
    await settled()
    streams[0]!.listener.heard('end', job('1', { status: 'failed' }))
    await settled()
    queries.setQueryData(['job', '1'], job('1', { status: 'queued' }))
    await settled()
    expect(streams.length).toBe(2)
    streams[1]!.listener.heard('log', event(1, 'again'))
    expect(one.lines.value.length).toBe(1)
    stop()
  })
})
