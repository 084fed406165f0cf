import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { addVideo } from '@/api/library'
import { useDrafts } from '@/stores/drafts'
import { useUploads } from '@/stores/uploads'

export type Adding = { state: 'idle' } | { state: 'asking' } | { state: 'error'; text: string }

/**
 * Add videos to a project, by their address or as files, and have them analysed.
 *
 * @param added Is told what each was given as, once it is being analysed.
 */
export function useAddVideo(project: MaybeRefOrGetter<string>, added: (name: string) => void) {
  const adding = ref<Adding>({ state: 'idle' })
  const queries = useQueryClient()
  const drafts = useDrafts()
  const uploads = useUploads()
  const address = computed({
    get: () => drafts.addresses[toValue(project)] ?? '',
    set: (value) => {
      drafts.addresses[toValue(project)] = value ?? ''
      // What was wrong with it is being put right.
      if (adding.value.state === 'error') adding.value = { state: 'idle' }
    },
  })

  /** Send what was typed; it stays where it is refused. */
  async function byAddress(): Promise<void> {
    const video = address.value.trim()
    if (!video) return
    adding.value = { state: 'asking' }
    try {
      await addVideo(toValue(project), { video })
      adding.value = { state: 'idle' }
      address.value = ''
      heard(video)
    } catch (err) {
      adding.value = { state: 'error', text: err instanceof Error ? err.message : String(err) }
    }
  }

  function heard(name: string): void {
    added(name)
    void queries.invalidateQueries({ queryKey: ['jobs'] })
  }

  watch(
    () => uploads.done.length,
    () => {
      const last = uploads.done.at(-1)
      if (last?.project === toValue(project)) heard(last.name)
    },
  )

  return {
    adding,
    address,
    byAddress,
    uploads: computed(() => uploads.all.filter((one) => one.project === toValue(project))),
    byFiles: (files: Iterable<File>): void => uploads.add(toValue(project), files),
    again: uploads.again,
    remove: uploads.remove,
  }
}
