import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Interval } from '@/lib/interval'
import { useNotices } from '@/stores/notices'
import type { Correcting } from './useCorrecting'
import type { VideoView } from './useVideoView'

/** What can be done with the marked stretch of a film. */
export function useIntervalActs(view: VideoView, correcting: Correcting) {
  const { t } = useI18n()
  const notices = useNotices()
  const { interval, loop } = view
  /** Whose name is asked for: of somebody who is there, or of all faces without a name. */
  const asking = ref<'shown' | 'all' | null>(null)
  const unnamed = computed(() => (interval.value ? correcting.unnamedIn(interval.value) : []))
  // What the dialog says while it fades out is what it said before.
  const title = computed((before?: string) => {
    if (asking.value === null) return before ?? ''
    return asking.value === 'all'
      ? t('interval.nameAllTitle', { n: unnamed.value.length }, unnamed.value.length)
      : t('interval.shownTitle')
  })

  function save(name: string): void {
    if (!interval.value) return
    const id = correcting.personId(name)
    if (asking.value === 'all') void correcting.decisions.nameAll(unnamed.value, name, id)
    else void correcting.decisions.sayShown(interval.value, name, id)
  }

  /** Mark a stretch and show it. */
  function play(now: Interval): void {
    loop.mark(now)
    view.clock.seek(now.start)
  }

  function toggleLoop(): void {
    if (interval.value) loop.toggle()
    else notices.tell(t('interval.none'))
  }

  async function copy(): Promise<void> {
    const address = view.cite()
    try {
      await navigator.clipboard.writeText(address)
      notices.tell(t('interval.copied'))
    } catch {
      // Browsers give no clipboard to pages that came without https: then it is shown, to be copied by hand.
      notices.tell(address)
    }
  }

  return {
    asking,
    isAsking: computed({ get: () => asking.value !== null, set: (isOpen) => !isOpen && (asking.value = null) }),
    unnamed,
    title,
    save,
    play,
    toggleLoop,
    copy,
  }
}
