import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, onScopeDispose, shallowRef, toValue, watch } from 'vue'
import type { Job } from '@/api/client'
import { getJob, type JobEvent, listEvents } from '@/api/jobs'
import { openStream, type Stream } from '@/api/streams'
import { isLive } from '@/lib/jobs'
import { listedJob, takeDown } from './useJobStream'

const POLL_MS = 2000
const PAGE = 500

/** One job and its log, line by line as they come; follows another one when the id changes, and nothing while it is empty. */
export function useJob(jobId: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const events = shallowRef<JobEvent[]>([])
  const isComplete = shallowRef(false)
  const query = useQuery({
    queryKey: ['job', jobId],
    queryFn: ({ signal }) => getJob(toValue(jobId), signal),
    enabled: () => toValue(jobId) !== '',
    // What a list shows of it is shown until it was asked for.
    placeholderData: () => listedJob(queries, toValue(jobId)),
  })

  const last = (): number => events.value.at(-1)?.number ?? 0

  /** News of a stream and answers to a question may overlap: each event counts once. */
  function add(found: JobEvent[]): void {
    const fresh = found.filter(({ number }) => number > last())
    if (!fresh.length) return
    events.value = [...events.value, ...fresh]
    const job = query.data.value
    const news = fresh.at(-1)!
    // The log begins with what is long past: it makes nothing younger than it is known to be.
    if (!job || !isLive(job) || !isLive(news) || !isFurther(news, job)) return
    const { status, progress, message, what } = news
    takeDown(queries, { ...job, status, progress, message: what === 'log' ? job.message : message || job.message })
  }

  let stream: Stream | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  function follow(id: string): void {
    const mine = ++turn
    const ends = (job: Job): void => {
      takeDown(queries, job)
      queries.setQueryData(['job', id], job)
      stop()
    }
    stream = openStream(
      () => `/api/v1/jobs/${encodeURIComponent(id)}/stream?after=${last()}`,
      ['status', 'progress', 'log', 'end'],
      {
        heard: (name, data) => (name === 'end' ? ends(data as Job) : add([data as JobEvent])),
        opened: () => clearTimeout(timer),
        lost: () => void poll(id, mine, ends),
      },
    )
  }

  /** Ask for what the stream would tell, until it tells again. */
  async function poll(id: string, mine: number, ends: (job: Job) => void): Promise<void> {
    clearTimeout(timer)
    const job = await query.refetch().then(({ data }) => data)
    const found = await listEvents(id, last()).catch(() => [])
    if (mine !== turn) return
    add(found)
    if (job && !isLive(job) && found.length < PAGE) return ends(job)
    timer = setTimeout(() => void poll(id, mine, ends), POLL_MS)
  }

  function stop(): void {
    turn++
    isComplete.value = true
    clearTimeout(timer)
    stream?.close()
    stream = undefined
  }

  watch(
    () => toValue(jobId),
    (id) => {
      stop()
      events.value = []
      isComplete.value = false
      if (id) follow(id)
    },
    { immediate: true },
  )
  // What was retried has more to tell.
  watch(
    () => query.data.value && isLive(query.data.value),
    (now) => {
      if (now && isComplete.value) {
        isComplete.value = false
        follow(toValue(jobId))
      }
    },
  )
  onScopeDispose(stop)

  return {
    ...query,
    /** What was written down, without how far it was in between. */
    lines: computed(() => events.value.filter(({ what }) => what !== 'progress')),
    /** Whether all is told. */
    isComplete,
  }
}

function isFurther(news: JobEvent, job: Job): boolean {
  if (news.status !== job.status) return news.status === 'running'
  return news.progress > job.progress
}
