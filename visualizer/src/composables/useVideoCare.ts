import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { addVideo, removeVideo } from '@/api/library'
import { withFragment } from '@/lib/mediaFragments'
import { useNotices } from '@/stores/notices'
import type { VideoKey } from './useVideoData'

/** What is done with a video as a whole: analysed anew, taken out of the project. */
export function useVideoCare(key: VideoKey, locator: () => string) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const router = useRouter()
  const notices = useNotices()
  const asking = ref<'again' | 'remove' | null>(null)

  const again = useMutation({
    mutationFn: () => {
      const fragment = key.fragment()
      const video = fragment ? { video: withFragment(locator(), fragment) } : { video_id: key.videoId() }
      return addVideo(key.project(), { ...video, no_cache: true })
    },
    onSuccess: () => {
      asking.value = null
      notices.tell(t('about.begun'))
      void queries.invalidateQueries({ queryKey: ['jobs'] })
      void queries.invalidateQueries({ queryKey: ['project-video'] })
    },
  })
  const remove = useMutation({
    mutationFn: () => removeVideo(key.project(), key.videoId(), key.fragment()),
    onSuccess: async () => {
      asking.value = null
      notices.tell(t('about.removed'))
      await router.push({ name: 'videos', params: { project: key.project() } })
      await queries.invalidateQueries({ queryKey: ['videos'] })
    },
  })

  function ask(what: 'again' | 'remove'): void {
    again.reset()
    remove.reset()
    asking.value = what
  }

  const isBusy = computed((): boolean => again.isPending.value || remove.isPending.value)
  const error = computed((): string => (again.error.value ?? remove.error.value)?.message ?? '')
  return { asking, ask, isBusy, error, again: (): void => again.mutate(), remove: (): void => remove.mutate() }
}
