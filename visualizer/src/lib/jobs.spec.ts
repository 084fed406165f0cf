import {
  aboutOf,
  aboutVideos,
  brieflyAboutOf,
  changedBy,
  isLive,
  jobOf,
  type JobLike,
  KINDS,
  timeLeft,
  tookSeconds,
  withJob,
} from './jobs'

function job(job_id: string, more: Partial<JobLike> = {}): JobLike {
  const times = { created_at: '2026-01-01T10:00:00+00:00', started_at: '', ended_at: '' }
  return { job_id, kind: 'clean', status: 'queued', progress: 0, params: {}, ...times, ...more }
}

describe('the job of a video', () => {
  const work = (video: string): JobLike => job(video, { kind: 'analyse', params: { video } })
  const found = (locator: string, fragment: string, ...live: JobLike[]) => jobOf(live, locator, fragment)?.job_id

  it('is that of the whole, or of the very part', () => {
    const live = [work('a.mp4#t=10,20'), work('a.mp4')]
    expect(found('a.mp4', '', ...live)).toBe('a.mp4')
    expect(found('a.mp4', 't=10,20', ...live)).toBe('a.mp4#t=10,20')
    expect(found('a.mp4', 't=30,40', ...live)).toBeUndefined()
  })

  it('is found where the address has a fragment of its own', () => {
    expect(found('https://x.tv/p#main', 't=5', work('https://x.tv/p#main&t=5'))).toBe('https://x.tv/p#main&t=5')
    expect(found('/films/#1.mp4', 't=5', work('/films/#1.mp4#t=5'))).toBe('/films/#1.mp4#t=5')
  })
})

describe('jobs about videos', () => {
  const of = (job_id: string, video: string, status: string, kind = 'analyse') =>
    job(job_id, { kind, status, params: { video } })
  const ids = (...list: JobLike[]): string[] => aboutVideos(list).map(({ job_id }) => job_id)

  it('are those at work, whatever they do, and analyses that failed', () => {
    expect(ids(job('9'), of('8', 'a.mp4', 'failed'), of('7', 'b.mp4', 'done'), of('6', '', 'failed', 'train'))).toEqual(
      ['9', '8'],
    )
  })

  it('are a failed one no longer once the same video was tried again', () => {
    expect(ids(of('9', 'a.mp4', 'done'), of('8', 'a.mp4', 'failed'), of('7', 'b.mp4', 'failed'))).toEqual(['7'])
    expect(ids(of('9', 'a.mp4', 'failed'), of('8', 'a.mp4', 'failed'))).toEqual(['9'])
  })
})

describe('a list of jobs', () => {
  const list = [job('30'), job('20'), job('10')]

  it('takes news in the place of what was known', () => {
    const news = job('20', { status: 'running' })
    expect(withJob(list, news)).toEqual([list[0], news, list[2]])
    expect(list[1]!.status).toBe('queued')
  })

  it.each([
    ['40', 0],
    ['25', 1],
    ['05', 3],
  ])('takes in job %s at %i, the newest first', (id, at) => {
    expect(withJob(list, job(id)).findIndex(({ job_id }) => job_id === id)).toBe(at)
  })

  it('lets go of a job that does not fit any more, and is the same list where it never held it', () => {
    expect(withJob(list, job('20'), false).map(({ job_id }) => job_id)).toEqual(['30', '10'])
    expect(withJob(list, job('15'), false)).toBe(list)
  })

  it('takes in the first one', () => {
    expect(withJob([], job('1'))).toEqual([job('1')])
  })
})

describe('what a job is about', () => {
  it.each([
    [{ video: 'a.mp4' }, 'a.mp4'],
    [{ keywords: ['Ann Ace', 'Ben Bo'], max_num: 3 }, 'Ann Ace, Ben Bo'],
    [{ video: 'a.mp4', format: 'csv' }, 'a.mp4 · csv'],
    [{ person: 'Ann' }, 'Ann'],
    [{}, ''],
  ])('%j is %j', (params, text) => {
    expect(aboutOf({ params })).toBe(text)
  })

  it.each([
    [{ video: '/archive/1962/films/a.mp4', format: 'csv' }, 'a.mp4 · csv'],
    [{ video: 'https://archive.example/films/a.mp4' }, 'https://archive.example/films/a.mp4'],
    [{ keywords: ['Ann/Ace'] }, 'Ann/Ace'],
  ])('%j is briefly %j', (params, text) => {
    expect(brieflyAboutOf({ params })).toBe(text)
  })
})

describe('the time left', () => {
  const from = { at: 0, progress: 0.2 }

  it('goes on as it went', () => {
    expect(timeLeft(from, { at: 10_000, progress: 0.4 })).toBeCloseTo(30)
    expect(timeLeft(from, { at: 80_000, progress: 1 })).toBe(0)
  })

  it('is not told before there is enough to tell it from', () => {
    expect(timeLeft(from, { at: 2000, progress: 0.9 })).toBeNull()
    expect(timeLeft(from, { at: 60_000, progress: 0.21 })).toBeNull()
    expect(timeLeft(from, { at: 60_000, progress: 0.1 })).toBeNull()
  })
})

it('a job takes time from its start to its end, or to now', () => {
  const started_at = '2026-01-01T10:00:00+00:00'
  const now = Date.parse('2026-01-01T10:00:30Z')
  expect(tookSeconds(job('1'), now)).toBeNull()
  expect(tookSeconds(job('1', { started_at }), now)).toBe(30)
  expect(tookSeconds(job('1', { started_at, ended_at: '2026-01-01T10:00:05+00:00' }), now)).toBe(5)
  // Clocks of two machines differ.
  expect(tookSeconds(job('1', { started_at }), now - 60_000)).toBe(0)
})

it('only what waits or is at work is live', () => {
  expect(['queued', 'running', 'done', 'failed', 'cancelled'].filter((status) => isLive({ status }))).toEqual([
    'queued',
    'running',
  ])
})

it('each kind of job says what it changes', () => {
  expect(KINDS.filter((kind) => kind !== 'export' && !changedBy(kind).length)).toEqual([])
  expect(changedBy('something new')).toEqual([])
})
