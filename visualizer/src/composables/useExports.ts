import { useMutation, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { type Exported, exportVideo, type Format, listFormats } from '@/api/exports'
import { useNotices } from '@/stores/notices'
import type { VideoKey } from './useVideoData'

/** The formats that the server writes, whatever they are, and the files it makes. */
export function useExports(key: VideoKey) {
  const { t } = useI18n()
  const notices = useNotices()
  const formats = useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => listFormats(signal),
    staleTime: 10 * 60_000,
  })
  const { mutate, isPending, variables } = useMutation({
    mutationFn: (format: Format) => exportVideo(key.project(), key.videoId(), key.fragment(), format),
    onSuccess: (exported) => {
      save(exported)
      notices.tell(t('export.done', { name: exported.name }))
    },
    onError: (error) => notices.warn(t('export.failed', { why: error.message })),
  })
  const writing = computed((): Format | null => (isPending.value ? (variables.value ?? null) : null))
  return { formats, write: (format: Format): void => mutate(format), writing }
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
