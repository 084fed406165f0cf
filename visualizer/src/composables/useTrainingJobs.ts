import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Job } from '@/api/client'
import { startWork } from '@/api/people'
import { type PersonProgress, progressOf } from '@/lib/crawling'
import { useDismissed } from '@/stores/dismissed'
import { isLive, useCancelJob, useJobs, useRetryJob } from './useJobs'

export interface Crawl {
  job: Job
  people: PersonProgress[]
}

/** Jobs that bring and judge pictures: what is searched for with how much found, and what makes faces of photos. */
export function useTrainingJobs(project: () => string) {
  const queries = useQueryClient()
  const jobs = useJobs(project)
  const opened = new Date().toISOString()
  const dismissed = useDismissed()
  const progress = shallowRef<ReadonlyMap<string, PersonProgress[]>>(new Map())
  /** A search whose photos are to be aligned once it has ended: an older job that aligns has passed them already. */
  const unaligned = ref('')

  const ofKind = (kind: string): Job[] => (jobs.data.value ?? []).filter((job) => job.kind === kind)
  const shown = computed(() =>
    ofKind('crawl').filter(
      (job) => !dismissed.jobs.has(job.job_id) && (isLive(job) || job.ended_at >= opened.slice(0, 19)),
    ),
  )
  const crawls = computed((): Crawl[] =>
    shown.value.map((job) => ({ job, people: progress.value.get(job.job_id) ?? progressOf(job) })),
  )
  const working = computed(() =>
    jobs.live.value.filter(({ kind }) => ['crawl', 'align', 'clean', 'learn'].includes(kind)),
  )
  const isAligning = computed(() => working.value.some(({ kind }) => kind === 'align'))
  /** It may also wait for a search to end. */
  const alignsNow = computed(() => working.value.some(({ kind, status }) => kind === 'align' && status === 'running'))

  watch(shown, (now) => {
    progress.value = new Map(now.map((job) => [job.job_id, progressOf(job, progress.value.get(job.job_id))]))
  })
  // A job that has ended has changed people and pictures.
  watch(
    () => working.value.map(({ job_id }) => job_id),
    (now, before) => {
      const ended = before.filter((id) => !now.includes(id))
      if (!ended.length) return
      for (const word of ['people', 'person', 'images']) void queries.invalidateQueries({ queryKey: [word] })
      if (ended.includes(unaligned.value)) void align()
    },
  )

  async function start(kind: string, params: Record<string, unknown> = {}): Promise<Job> {
    const job = await startWork(project(), kind, params)
    await queries.invalidateQueries({ queryKey: ['jobs'] })
    return job
  }

  /** Have the faces of new photos found. Joins the job that does so already. */
  function align(): Promise<Job> {
    unaligned.value = ''
    return start('align')
  }

  /** Search for photos, and have their faces found when that is done. */
  async function crawl(params: Record<string, unknown>): Promise<Job> {
    const job = await start('crawl', params)
    const next = await align()
    // Ids sort by time: one that began before this search does not wait for it.
    if (next.job_id < job.job_id) unaligned.value = job.job_id
    return job
  }

  const cancel = useCancelJob()
  const retry = useRetryJob()

  return {
    crawls,
    working,
    isAligning,
    alignsNow,
    align,
    crawl,
    cancel: (id: string) => cancel.mutate(id),
    retry: (id: string) => retry.mutate(id),
    dismiss: dismissed.dismiss,
  }
}

export type TrainingJobs = ReturnType<typeof useTrainingJobs>
