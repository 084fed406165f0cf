import { useMutation, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Job } from '@/api/client'
import { exportVideo, type Format, linkTo, listFormats, resultAddress } from '@/api/exports'
import type { Interval } from '@/lib/interval'
import { clock } from '@/lib/time'
import { useNotices } from '@/stores/notices'
import { save } from './useDownload'
import { useJobs, useStartJob } from './useJobs'
import { useEndedJobs } from './useJobStream'
import type { VideoKey } from './useVideoData'

/** What is made of the picture itself; that takes a while, and is done by a worker. */
export const PICTURES = ['clips', 'drawn', 'covered'] as const
export type Picture = (typeof PICTURES)[number]

const PARAMS: Record<Picture, Record<string, unknown>> = {
  clips: { clips: true },
  drawn: { burn_in: true },
  covered: { redact: 'everyone' },
}

/** The formats that the server writes, whatever they are, and the files it makes: of all of a video, or of a stretch. */
export function useExports(key: VideoKey, locator: () => string) {
  const { t } = useI18n()
  const notices = useNotices()
  const formats = useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => listFormats(signal),
    staleTime: 10 * 60_000,
  })
  const writing = useMutation({
    mutationFn: ({ format, stretch }: { format: Format; stretch: Interval | null }) =>
      exportVideo(key.project(), key.videoId(), key.fragment(), format, stretch),
    onSuccess: ({ name, data }) => {
      save(name, data)
      notices.tell(t('export.done', { name }))
    },
    onError: failed,
  })

  const named = computed(() => (key.fragment() ? `${locator()}#${key.fragment()}` : locator()))
  const { data: jobs } = useJobs(key.project)
  /** What was ordered of this video, the latest first. */
  const ordered = computed(() => (jobs.value ?? []).filter(isOurs))
  const start = useStartJob(key.project)

  function isOurs({ kind, params }: Job): boolean {
    return kind === 'export' && params.video === named.value
  }

  /** Have something made of the picture; the notice at its end brings it. */
  function order(picture: Picture, stretch: Interval | null): void {
    const part = stretch ? { interval: [round(stretch.start), round(stretch.end)] } : {}
    const params = { video: named.value, ...PARAMS[picture], ...part }
    start.mutate(
      { kind: 'export', params },
      { onSuccess: (job) => notices.tell(t('export.ordered', { what: called(job) })), onError: failed },
    )
  }

  function called({ params }: Pick<Job, 'params'>): string {
    const picture = PICTURES.find((one) => Object.keys(PARAMS[one]).some((name) => params[name]))
    const what = picture ? t(`export.picture.${picture}`) : String(params.format ?? '')
    const [from, to] = Array.isArray(params.interval) ? (params.interval as number[]) : []
    return from === undefined || to === undefined ? what : `${what}, ${clock(from, 1)}–${clock(to, 1)}`
  }

  async function bring(job: Job): Promise<void> {
    const address = resultAddress(job)
    if (!address) return
    try {
      const { href, isFetched } = await linkTo(address)
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
    write: (format: Format, stretch: Interval | null): void => writing.mutate({ format, stretch }),
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
