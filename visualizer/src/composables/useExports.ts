import { useMutation, useQuery } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Job } from '@/api/client'
import { exportProject, exportVideo, type Format, linkTo, listFormats } from '@/api/exports'
import type { Interval } from '@/lib/interval'
import { withFragment } from '@/lib/mediaFragments'
import { keptBy, redaction } from '@/lib/redaction'
import { resultAddress } from '@/lib/results'
import { clock } from '@/lib/time'
import { useNotices } from '@/stores/notices'
import { save } from './useDownload'
import { useJobs, useStartJob } from './useJobs'
import { useEndedJobs } from './useJobStream'
import type { VideoKey } from './useVideoData'

/** What is made of the picture itself; that takes a while, and is done by a worker. */
export const PICTURES = ['clips', 'drawn', 'covered'] as const
export type Picture = (typeof PICTURES)[number]

/** Of what: all of the video, a stretch of it, or all videos of the project. */
export type Scope = Interval | 'all' | null

/** Of covered faces: who stays to be seen; nobody where nothing is said. */
function paramsOf(picture: Picture, kept: readonly string[]): Record<string, unknown> {
  if (picture === 'covered') return { redact: redaction(kept) }
  return picture === 'clips' ? { clips: true } : { burn_in: true }
}

const SIGNS: Record<Picture, string> = { clips: 'clips', drawn: 'burn_in', covered: 'redact' }

/** The formats that the server writes, whatever they are, and the files it makes: of a video, of a stretch of it, or of all in the project. */
export function useExports(key: VideoKey, locator: () => string) {
  const { t } = useI18n()
  const notices = useNotices()
  const router = useRouter()
  const formats = useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => listFormats(signal),
    staleTime: 10 * 60_000,
  })
  const writing = useMutation({
    mutationFn: ({ format, scope }: { format: Format; scope: Scope }) =>
      scope === 'all'
        ? exportProject(key.project(), format)
        : exportVideo(key.project(), key.videoId(), key.fragment(), format, scope),
    onSuccess: ({ name, data }) => {
      save(name, data)
      notices.tell(t('export.done', { name }))
    },
    onError: failed,
  })

  const named = computed(() => withFragment(locator(), key.fragment()))
  const { data: jobs } = useJobs(key.project)
  /** What was ordered of this video and of all, the latest first. */
  const ordered = computed(() => (jobs.value ?? []).filter(isOurs))
  const start = useStartJob(key.project)
  /** Of what faces are to be covered, while somebody says whose. */
  const covering = shallowRef<{ scope: Scope } | null>(null)

  function isOurs({ kind, params }: Job): boolean {
    return kind === 'export' && [undefined, null, named.value].includes(params.video as string)
  }

  /** Have something made of the picture; the notice at its end brings it. */
  function order(picture: Picture, scope: Scope, kept: readonly string[] = []): void {
    const params = { ...of(scope), ...paramsOf(picture, kept) }
    start.mutate(
      { kind: 'export', params },
      {
        onSuccess: (job) => {
          covering.value = null
          notices.tell(t('export.ordered', { what: called(job) }))
        },
        // Whoever chose whom to cover reads it where they chose.
        onError: (error) => covering.value || failed(error),
      },
    )
  }

  /** Begin to ask whose faces are to be covered; null when nobody asks any more. */
  function cover(asked: { scope: Scope } | null): void {
    start.reset()
    covering.value = asked
  }

  function of(scope: Scope): Record<string, unknown> {
    if (scope === 'all') return {}
    if (!scope) return { video: named.value }
    return { video: named.value, interval: [round(scope.start), round(scope.end)] }
  }

  function called({ params }: Pick<Job, 'params'>): string {
    const picture = PICTURES.find((one) => params[SIGNS[one]])
    const kept = keptBy(String(params.redact ?? ''))
    const drawn = picture && t(`export.picture.${picture}`)
    const what = kept ? t('export.coveredBut', { names: kept }) : (drawn ?? String(params.format ?? ''))
    const [from, to] = Array.isArray(params.interval) ? (params.interval as number[]) : []
    if (!params.video) return `${what}, ${t('export.all').toLocaleLowerCase()}`
    return from === undefined || to === undefined ? what : `${what}, ${clock(from, 1)}–${clock(to, 1)}`
  }

  /** Give the file to the browser; where there are several, show the job, which lists them. */
  async function bring(job: Job): Promise<void> {
    const address = resultAddress(job.project, String(job.result.path ?? ''))
    if (!address) {
      return void router.push({ name: 'jobs', params: { project: job.project }, query: { job: job.job_id } })
    }
    try {
      const { href, isFetched } = await linkTo(`${address}?archive=true`)
      const link = document.createElement('a')
      link.href = href
      link.download = fileName(address)
      link.click()
      if (isFetched) setTimeout(() => URL.revokeObjectURL(href), 60_000)
    } catch (err) {
      failed(err as Error)
    }
  }

  useEndedJobs((job) => {
    if (!isOurs(job) || job.project !== key.project()) return
    if (job.status === 'failed') notices.warn(t('export.failed', { why: job.error }))
    if (job.status !== 'done') return
    notices.tell(t('export.made', { what: called(job) }), { label: t('export.bring'), run: () => void bring(job) })
  })

  function failed(error: Error): void {
    notices.warn(t('export.failed', { why: error.message }))
  }

  return {
    formats,
    write: (format: Format, scope: Scope): void => writing.mutate({ format, scope }),
    writing: computed(() => (writing.isPending.value ? (writing.variables.value?.format ?? null) : null)),
    order,
    isOrdering: start.isPending,
    orderError: computed(() => (start.error.value ? t('export.failed', { why: start.error.value.message }) : '')),
    cover,
    covering,
    ordered,
    called,
    bring,
  }
}

export type Exports = ReturnType<typeof useExports>

/** Milliseconds are as fine as the server keeps times. */
function round(npt: number): number {
  return Math.round(npt * 1000) / 1000
}

/** What a folder is called has no ending: it comes as an archive. */
function fileName(address: string): string {
  const name = decodeURIComponent(address.replace(/\?.*$/, '').split('/').at(-1)!)
  return /\.[a-z0-9]{2,5}$/i.test(name) && !name.startsWith('clips') ? name : `${name}.zip`
}
