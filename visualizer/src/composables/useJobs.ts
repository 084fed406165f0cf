import { useMutation, type UseMutationReturnType, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import type { Job } from '@/api/client'
import { startJob } from '@/api/jobs'
import { cancelJob, listJobs, retryJob } from '@/api/library'
import { isLive } from '@/lib/jobs'
import { useNotices } from '@/stores/notices'
import { takeDown, tellUnseenEnds, useJobStream, withNews } from './useJobStream'

export { isLive }

export interface NewJob {
  kind: string
  params?: Record<string, unknown>
}

/** A change that a page asks for: what it answers, and what it is asked with. */
export type Mutation<TData, TAsked> = UseMutationReturnType<TData, Error, TAsked, unknown>

const POLL_MS = 1500
const POLL_IDLE_MS = 10_000

/** The latest jobs of a project, the newest first, as the stream tells of them; `live` are those that wait or are at work. */
export function useJobs(project: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const stream = useJobStream(project)
  const query = useQuery({
    queryKey: ['jobs', project],
    queryFn: async ({ signal }) => {
      const [name, asked] = [toValue(project), Date.now()]
      const found = withNews(queries, name, await listJobs(name, signal), asked)
      tellUnseenEnds(queries, queries.getQueryData(['jobs', name]), found)
      return found
    },
    enabled: () => toValue(project) !== '',
    refetchInterval: ({ state }) => {
      if (stream.value === 'live') return false
      return state.data?.some(isLive) ? POLL_MS : POLL_IDLE_MS
    },
  })
  const live = computed(() => (query.data.value ?? []).filter(isLive))
  return { ...query, live, stream }
}

/**
 * Start a job: `start.mutate({ kind: 'crawl', params: { keywords: ['Ann Ace'] } })`. It is in the lists before the stream tells of it;
 * `mutateAsync` returns it, and useJob follows it.
 */
export function useStartJob(project: MaybeRefOrGetter<string>): Mutation<Job, NewJob> {
  const queries = useQueryClient()
  return useMutation<Job, Error, NewJob>({
    mutationFn: ({ kind, params = {} }: NewJob) => startJob(toValue(project), kind, params),
    onSuccess: (job) => takeDown(queries, job),
  })
}

export function useCancelJob(): Mutation<Job, string> {
  return useJobChange(cancelJob)
}

/** Have a job done once more that failed or was cancelled. */
export function useRetryJob(): Mutation<Job, string> {
  return useJobChange(retryJob)
}

/** What is refused is told, whoever asked for it. */
function useJobChange(change: (jobId: string) => Promise<Job>): Mutation<Job, string> {
  const queries = useQueryClient()
  const notices = useNotices()
  return useMutation<Job, Error, string>({
    mutationFn: change,
    onSuccess: (job) => takeDown(queries, job),
    onError: (error) => notices.warn(error.message),
  })
}
