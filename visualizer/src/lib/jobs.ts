/** Jobs as the page follows them: lists kept fresh by single news, time left, and what else is another after a job. */

import { withFragment } from './mediaFragments'

/** What the page needs of a job; the fields are those of the record. */
export interface JobLike {
  job_id: string
  kind: string
  status: string
  progress: number
  params: Record<string, unknown>
  created_at: string
  started_at: string
  ended_at: string
}

export const STATUSES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof STATUSES)[number]

export const KINDS = [
  'crawl',
  'align',
  'clean',
  'learn',
  'train',
  'analyse',
  'track',
  'refresh',
  'identify',
  'cluster',
  'derive',
  'export',
  'erase',
] as const

/** Whether a job waits or is at work. */
export function isLive(job: { status: string }): boolean {
  return job.status === 'queued' || job.status === 'running'
}

/**
 * A list of jobs after news of one of them, the newest first: it takes the place of what was known, comes in by its id, or goes out
 * where it does not fit any more. The same list where nothing changes.
 */
export function withJob<T extends JobLike>(list: T[], job: T, fits = true): T[] {
  const at = list.findIndex(({ job_id }) => job_id === job.job_id)
  if (at < 0 && !fits) return list
  // Ids sort by the time of submission.
  const after = at < 0 ? list.findIndex(({ job_id }) => job_id < job.job_id) : at
  const place = after < 0 ? list.length : after
  return [...list.slice(0, place), ...(fits ? [job] : []), ...list.slice(at < 0 ? place : place + 1)]
}

const ABOUT_VIDEOS = ['analyse', 'track']

/**
 * Jobs that concern whoever adds videos: those that wait or are at work, and analyses that failed, until the same video is tried
 * again; the newest first as they come.
 */
export function aboutVideos<T extends JobLike>(list: readonly T[]): T[] {
  const tried = new Set<unknown>()
  return list.filter((job) => {
    const isLast = !tried.has(job.params.video)
    if (ABOUT_VIDEOS.includes(job.kind)) tried.add(job.params.video)
    return isLive(job) || (job.status === 'failed' && isLast && ABOUT_VIDEOS.includes(job.kind))
  })
}

/** What is being done right now with a video, or with this part of it; a job names the part behind the address. */
export function jobOf<T extends JobLike>(live: readonly T[], locator: string, fragment: string): T | undefined {
  const name = withFragment(locator, fragment)
  return live.find(({ params }) => params.video === name)
}

/** What a job works on, in its own words: a video, names of people, the format of an export. */
export function aboutOf({ params }: Pick<JobLike, 'params'>): string {
  const { video, keywords, person, format, classifier } = params
  const names = Array.isArray(keywords) ? keywords.join(', ') : ''
  const parts = [video ?? names, person, format, classifier].filter((part) => typeof part === 'string' && part !== '')
  return parts.join(' · ')
}

/** The same where there is little room: of a file on the server its name alone, which is what tells it from others. */
export function brieflyAboutOf(job: Pick<JobLike, 'params'>): string {
  const { video } = job.params
  const isPath = typeof video === 'string' && video.startsWith('/')
  return isPath ? aboutOf({ params: { ...job.params, video: video.slice(video.lastIndexOf('/') + 1) } }) : aboutOf(job)
}

const SURE_S = 3
const SURE_SHARE = 0.02

/** Seconds that a running job still takes if it goes on as it went since `from`; null while that cannot be told. */
export function timeLeft(from: { at: number; progress: number }, now: { at: number; progress: number }): number | null {
  const passed = (now.at - from.at) / 1000
  const done = now.progress - from.progress
  if (passed < SURE_S || done < SURE_SHARE) return null
  return ((1 - now.progress) * passed) / done
}

/** How long a job has taken, or takes by now, in seconds; null before it began. */
export function tookSeconds(job: JobLike, now: number): number | null {
  if (!job.started_at) return null
  const end = job.ended_at ? Date.parse(job.ended_at) : now
  return Math.max((end - Date.parse(job.started_at)) / 1000, 0)
}

const SEEN = ['appearances', 'overview', 'videos', 'unknown', 'summary']
const PICTURED = ['people', 'person', 'images', 'summary']

/** Which answers of the server (first words of query keys) are old when a job of a kind has ended. */
const CHANGED: Record<string, readonly string[]> = {
  crawl: [...PICTURED, 'projects'],
  align: PICTURED,
  clean: PICTURED,
  learn: PICTURED,
  train: ['models', 'report', 'summary'],
  track: [...SEEN, 'video', 'projects'],
  analyse: [...SEEN, 'video', 'projects'],
  refresh: SEEN,
  identify: SEEN,
  cluster: SEEN,
  derive: [...SEEN, 'decisions', 'people', 'person'],
  export: [],
  erase: [...SEEN, ...PICTURED, 'models', 'decisions'],
}

export function changedBy(kind: string): readonly string[] {
  return CHANGED[kind] ?? []
}
