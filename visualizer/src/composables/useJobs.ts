import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import type { Job } from '@/api/client'
import { listJobs } from '@/api/library'

const LIVE_MS = 1500
const IDLE_MS = 10_000

export function isLive(job: Job): boolean {
  return job.status === 'queued' || job.status === 'running'
}

/** The latest jobs of a project, asked for again and again: often while one is at work. */
export function useJobs(project: MaybeRefOrGetter<string>) {
  const query = useQuery({
    queryKey: ['jobs', project],
    queryFn: ({ signal }) => listJobs(toValue(project), signal),
    refetchInterval: ({ state }) => (state.data?.some(isLive) ? LIVE_MS : IDLE_MS),
  })
  const live = computed(() => (query.data.value ?? []).filter(isLive))
  return { ...query, live }
}
