import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, onScopeDispose, type Ref, ref, shallowRef, toValue, watch } from 'vue'
import type { Job } from '@/api/client'
import type { JobFilter, JobPage } from '@/api/jobs'
import { openStream, type Stream } from '@/api/streams'
import { changedBy, isLive, withJob } from '@/lib/jobs'

/** `polling`: there is no stream, and lists of jobs have to be asked for now and then. */
export type StreamState = 'connecting' | 'live' | 'polling'

/** One stream of the jobs of a project, shared by all who look at them. */
interface Shared {
  state: Ref<StreamState>
  /** The latest news of each job, with the time at which it came. */
  told: Map<string, { job: Job; at: number }>
  stream: Stream
  users: number
}

const REMEMBERED = 1000
/** Pages come and go; the stream stays when the next one wants it too. */
const LINGER_MS = 1000

const shared = new WeakMap<QueryClient, Map<string, Shared>>()
const ended = new Set<(job: Job) => void>()

/** Listen to the jobs of a project for as long as this scope lives; what is told goes into all lists of jobs that are kept. */
export function useJobStream(project: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const current = shallowRef<Shared | null>(null)
  let release: (() => void) | undefined
  watch(
    () => toValue(project),
    (name) => {
      release?.()
      release = undefined
      current.value = null
      if (!name) return
      current.value = join(queries, name)
      release = () => leave(queries, name)
    },
    { immediate: true },
  )
  onScopeDispose(() => release?.())
  return computed((): StreamState => current.value?.state.value ?? 'connecting')
}

/** Be told of each job that ends while this scope lives. What the page knows of people, videos and so on is then asked for anew already. */
export function useEndedJobs(heard: (job: Job) => void): void {
  ended.add(heard)
  onScopeDispose(() => ended.delete(heard))
}

/**
 * Jobs as they were asked for, with what the stream told of them since `asked`: what was told later counts. Jobs that wait or are at
 * work stay in the list of a project however many newer ones there are.
 */
export function withNews(queries: QueryClient, project: string, jobs: Job[], asked: number): Job[] {
  const ids = new Set(jobs.map(({ job_id }) => job_id))
  const told = [...(shared.get(queries)?.get(project)?.told.values() ?? [])]
  const news = told.filter(({ job, at }) => at >= asked || (isLive(job) && !ids.has(job.job_id)))
  return news.reduce((list, { job }) => withJob(list, job), jobs)
}

/** The same for some jobs of a longer list: those that are in it, and still fit. */
export function withNewsOfThese(
  queries: QueryClient,
  project: string,
  jobs: Job[],
  asked: number,
  filter: JobFilter,
): Job[] {
  const told = shared.get(queries)?.get(project)?.told
  return jobs
    .map((job) => {
      const news = told?.get(job.job_id)
      return news && news.at >= asked ? news.job : job
    })
    .filter((job) => fits(job, filter))
}

/** Take down what became of a job: as the stream tells it, or as an answer says. */
export function takeDown(queries: QueryClient, job: Job): void {
  remember(shared.get(queries)?.get(job.project)?.told, job)
  const before = queries.getQueryData<Job>(['job', job.job_id])
  if (before) queries.setQueryData(['job', job.job_id], job)
  queries.setQueryData<Job[]>(['jobs', job.project], (list) => list && withJob(list, job))
  for (const [key] of queries.getQueriesData<Pages>({ queryKey: ['jobs', job.project, 'history'] })) {
    queries.setQueryData<Pages>(key, (pages) => pages && withJobInPages(pages, job, fits(job, key[3] as JobFilter)))
  }
}

/** A job as some list shows it that is kept. */
export function listedJob(queries: QueryClient, jobId: string): Job | undefined {
  const lists = queries.getQueriesData<Job[] | Pages>({ queryKey: ['jobs'] })
  const jobs = lists.flatMap(([, data]) =>
    Array.isArray(data) ? data : (data?.pages.flatMap(({ items }) => items) ?? []),
  )
  return jobs.find(({ job_id }) => job_id === jobId)
}

type Pages = InfiniteData<JobPage>

function withJobInPages(data: Pages, job: Job, isFitting: boolean): Pages {
  const holds = ({ items }: JobPage): boolean => items.some(({ job_id }) => job_id === job.job_id)
  const held = data.pages.findIndex(holds)
  const [first] = data.pages
  // One that is older than the first page is on a later one, be it shown by now or not.
  if (held < 0 && first?.next != null && !(job.job_id > (first.items.at(-1)?.job_id ?? ''))) return data
  const at = Math.max(held, 0)
  const pages = data.pages.map((page, n) => (n === at ? { ...page, items: withJob(page.items, job, isFitting) } : page))
  return { ...data, pages }
}

function fits(job: Job, { status, kind }: JobFilter): boolean {
  return (!status || job.status === status) && (!kind || job.kind === kind)
}

function join(queries: QueryClient, project: string): Shared {
  const all = shared.get(queries) ?? new Map<string, Shared>()
  shared.set(queries, all)
  const found = all.get(project) ?? listen(queries, project)
  found.users++
  all.set(project, found)
  return found
}

function leave(queries: QueryClient, project: string): void {
  const all = shared.get(queries)
  const found = all?.get(project)
  if (!all || !found) return
  found.users--
  setTimeout(() => {
    if (found.users > 0 || all.get(project) !== found) return
    found.stream.close()
    all.delete(project)
  }, LINGER_MS)
}

function listen(queries: QueryClient, project: string): Shared {
  const state = ref<StreamState>('connecting')
  const told: Shared['told'] = new Map()
  const again = (): void => void askAgain(queries, project)
  const heard = (name: string, data: unknown): void => {
    if (name === 'job') onJob(queries, data as Job)
    else onLive(queries, project, told, (data as { items: Job[] }).items)
  }
  const stream = openStream(() => `/api/v1/jobs/stream?${new URLSearchParams({ project })}`, ['jobs', 'job'], {
    heard,
    opened: () => {
      // What began and ended while nobody told is in the list.
      if (state.value === 'polling') again()
      state.value = 'live'
    },
    lost: () => {
      if (state.value === 'polling') return
      state.value = 'polling'
      again()
    },
  })
  return { state, told, stream, users: 0 }
}

function onJob(queries: QueryClient, job: Job): void {
  takeDown(queries, job)
  if (!isLive(job)) tellEnd(queries, job)
}

/** All live jobs at once, at the beginning and after each gap: a job that is live here and not there has ended unseen. */
function onLive(queries: QueryClient, project: string, told: Shared['told'], items: Job[]): void {
  const ids = new Set(items.map(({ job_id }) => job_id))
  for (const { job } of told.values()) if (isLive(job) && !ids.has(job.job_id)) told.delete(job.job_id)
  for (const job of items) takeDown(queries, job)
  const known = queries.getQueryData<Job[]>(['jobs', project]) ?? []
  if (known.some((job) => isLive(job) && !ids.has(job.job_id))) void askAgain(queries, project)
}

function askAgain(queries: QueryClient, project: string): Promise<void> {
  return queries.invalidateQueries({ queryKey: ['jobs', project] })
}

/** Tell of the jobs that were live in an older list and are not in a newer one: ends that no stream told of. */
export function tellUnseenEnds(queries: QueryClient, before: Job[] | undefined, now: Job[]): void {
  const wereLive = new Set(before?.filter(isLive).map(({ job_id }) => job_id))
  for (const job of now) if (!isLive(job) && wereLive.has(job.job_id)) tellEnd(queries, job)
}

/** A job that has ended brought something: what the page knows of it is asked for anew. */
function tellEnd(queries: QueryClient, job: Job): void {
  for (const word of changedBy(job.kind)) void queries.invalidateQueries({ queryKey: [word] })
  for (const heard of ended) heard(job)
}

function remember(told: Shared['told'] | undefined, job: Job): void {
  if (!told) return
  told.delete(job.job_id)
  told.set(job.job_id, { job, at: Date.now() })
  const oldest = told.keys().next().value
  if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest)
}
