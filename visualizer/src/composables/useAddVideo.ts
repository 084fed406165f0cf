import { useQueryClient } from '@tanstack/vue-query'
import { onScopeDispose, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { addVideo } from '@/api/library'
import { uploadVideo } from '@/api/uploads'

export type Adding =
  | { state: 'idle' }
  | { state: 'uploading'; name: string; share: number }
  | { state: 'asking' }
  | { state: 'error'; text: string }

/** Add a video to a project, by its address or as a file, and have it analysed. */
export function useAddVideo(project: MaybeRefOrGetter<string>, added: (name: string) => void) {
  const adding = ref<Adding>({ state: 'idle' })
  const queries = useQueryClient()
  const stop = new AbortController()
  onScopeDispose(() => stop.abort())

  async function attempt(name: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      adding.value = { state: 'idle' }
      added(name)
      await queries.invalidateQueries({ queryKey: ['jobs'] })
      return true
    } catch (err) {
      adding.value = { state: 'error', text: err instanceof Error ? err.message : String(err) }
      return false
    }
  }

  function byAddress(address: string): Promise<boolean> {
    adding.value = { state: 'asking' }
    return attempt(address, () => addVideo(toValue(project), { video: address }))
  }

  function byFile(file: File): Promise<boolean> {
    adding.value = { state: 'uploading', name: file.name, share: 0 }
    const heard = (share: number): void => void (adding.value = { state: 'uploading', name: file.name, share })
    return attempt(file.name, async () => {
      const video_id = await uploadVideo(file, heard, stop.signal)
      await addVideo(toValue(project), { video_id })
    })
  }

  return { adding, byAddress, byFile }
}
