import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { addVideo } from '@/api/library'

/** Have many videos analysed, one after the other: what is refused is told, and hinders none of the others. */
export function useAddList(project: () => string) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const isBusy = ref(false)
  const done = ref(0)
  const failure = ref('')

  /** Returns those that could not be added. */
  async function add(videos: readonly string[]): Promise<string[]> {
    isBusy.value = true
    ;[done.value, failure.value] = [0, '']
    const left: string[] = []
    let why = ''
    for (const video of videos) {
      try {
        await addVideo(project(), { video })
      } catch (err) {
        left.push(video)
        why ||= err instanceof Error ? err.message : String(err)
      }
      done.value++
    }
    if (left.length) failure.value = t('videos.listFailed', { n: left.length, why }, left.length)
    isBusy.value = false
    await queries.invalidateQueries({ queryKey: ['jobs'] })
    return left
  }

  return { add, done, isBusy, failure }
}
