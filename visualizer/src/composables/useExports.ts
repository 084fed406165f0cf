import { useMutation, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Job } from '@/api/client'
import { exportProject, exportVideo, type Format, linkTo, listFormats } from '@/api/exports'
import type { Interval } from '@/lib/interval'
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

const PARAMS: Record<Picture, Record<string, unknown>> = {
  clips: { clips: true },
  drawn: { burn_in: true },
  covered: { redact: 'everyone' },
}

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

  const named = computed(() => (key.fragment() ? `${locator()}#${key.fragment()}` : locator()))
  const { data: jobs } = useJobs(key.project)
  /** What was ordered of this video and of all, the latest first. */
  const ordered = computed(() => (jobs.value ?? []).filter(isOurs))
  const start = useStartJob(key.project)

  function isOurs({ kind, params }: Job): boolean {
    return kind === 'export' && [undefined, null, named.value].includes(params.video as string)
  }

  /** Have something made of the picture; the notice at its end brings it. */
  function order(picture: Picture, scope: Scope): void {
    const params = { ...of(scope), ...PARAMS[picture] }
    start.mutate(
      { kind: 'export', params },
      { onSuccess: (job) => notices.tell(t('export.ordered', { what: called(job) })), onError: failed },
    )
  }

  function of(scope: Scope): Record<string, unknown> {
    if (scope === 'all') return {}
    if (!scope) return { video: named.value }
    return { video: named.value, interval: [round(scope.start), round(scope.end)] }
  }

  function called({ params }: Pick<Job, 'params'>): string {
    const picture = PICTURES.find((one) => Object.keys(PARAMS[one]).some((name) => params[name]))
    const what = picture ? t(`export.picture.${picture}`) : String(params.format ?? '')
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
