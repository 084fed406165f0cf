import { useInfiniteQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { type JobFilter, pageOfJobs } from '@/api/jobs'
import { useJobStream, withNewsOfThese } from './useJobStream'

const POLL_MS = 3000

/** All jobs of a project that fit a filter, page after page, the newest first; the stream keeps them fresh. */
export function useJobHistory(project: MaybeRefOrGetter<string>, filter: () => JobFilter) {
  const queries = useQueryClient()
  const stream = useJobStream(project)
  const query = useInfiniteQuery({
    // The first words are those of `useJobs`: whatever asks for jobs anew asks for these too.
    queryKey: ['jobs', project, 'history', filter],
    queryFn: async ({ pageParam, signal }) => {
      const [name, wanted, asked] = [toValue(project), filter(), Date.now()]
      const page = await pageOfJobs(name, wanted, pageParam, signal)
      return { ...page, items: withNewsOfThese(queries, name, page.items, asked, wanted) }
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    refetchInterval: () => (stream.value === 'live' ? false : POLL_MS),
  })
  const jobs = computed(() => query.data.value?.pages.flatMap(({ items }) => items) ?? [])
  return { ...query, jobs, stream }
}
