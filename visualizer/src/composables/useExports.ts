import { useMutation, useQuery } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { type Exported, exportProject, exportVideo, type Format, listFormats } from '@/api/exports'
import { useNotices } from '@/stores/notices'
import { useStartJob } from './useJobs'
import type { VideoKey } from './useVideoData'

/** What is cut or drawn, which takes its time: jobs, by the parameters that say so. */
export const PICTURES = {
  clips: { clips: true },
  annotated: { burn_in: true },
  redacted: { redact: 'everyone' },
} as const
export type Picture = keyof typeof PICTURES

/** The formats that the server writes, whatever they are, and the files it makes: of one video, or of all in the project. */
export function useExports(key: VideoKey, locator: () => string) {
  const { t } = useI18n()
  const notices = useNotices()
  const router = useRouter()
  const ofAll = ref(false)
  const formats = useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => listFormats(signal),
    staleTime: 10 * 60_000,
  })
  const { mutate, isPending, variables } = useMutation({
    mutationFn: (format: Format) =>
      ofAll.value
        ? exportProject(key.project(), format)
        : exportVideo(key.project(), key.videoId(), key.fragment(), format),
    onSuccess: (exported) => {
      save(exported)
      notices.tell(t('export.done', { name: exported.name }))
    },
    onError: (error) => notices.warn(t('export.failed', { why: error.message })),
  })
  const start = useStartJob(key.project)
  const writing = computed((): Format | null => (isPending.value ? (variables.value ?? null) : null))

  function picture(what: Picture): void {
    const part = key.fragment() ? `#${key.fragment()}` : ''
    const video = ofAll.value ? {} : { video: `${locator()}${part}` }
    start.mutate(
      { kind: 'export', params: { ...video, ...PICTURES[what] } },
      {
        onSuccess: (job) =>
          notices.tell(t('export.started'), {
            label: t('export.toJob'),
            run: () =>
              void router.push({ name: 'jobs', params: { project: key.project() }, query: { job: job.job_id } }),
          }),
        onError: (error) => notices.warn(t('export.failed', { why: error.message })),
      },
    )
  }

  return {
    formats,
    ofAll,
    write: (format: Format): void => mutate(format),
    writing,
    picture,
    isStarting: start.isPending,
  }
}

/** Hand a file over to the browser, which asks its owner where it shall lie. */
function save({ name, data }: Exported): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(data)
  link.download = name
  link.click()
  // The browser has read it by then; at once it might not have begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
