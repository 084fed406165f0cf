import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { type Entry, nextDoubtful, type Said, wholeTrack } from '@/lib/appearances'
import { useNotices } from '@/stores/notices'
import { useDecisions } from './useDecisions'
import type { VideoKey } from './useVideoData'
import type { VideoView } from './useVideoView'

/** What can be said of the selected track; after each word the next doubtful one is selected. */
export function useCorrecting(key: VideoKey, view: VideoView) {
  const { t } = useI18n()
  const notices = useNotices()
  const decisions = useDecisions(key)
  const isNaming = ref(false)
  const isMerging = ref(false)

  function withSelected(act: (entry: Entry) => unknown): void {
    const entry = view.selected.value
    if (entry) act(entry)
    else notices.tell(t('track.none'))
  }

  function sayAndGoOn(entry: Entry, said: Said): void {
    const next = nextDoubtful(view.visible.value, entry, said)
    void decisions.say(entry, said)
    if (next) view.go(next)
  }

  function named(entry: Entry, name: string, everywhere = false): void {
    const unknownId = everywhere ? (entry.seen.unknown_id ?? undefined) : undefined
    sayAndGoOn(entry, { verb: 'is', name, personId: personId(name), unknownId })
  }

  function personId(name: string): string | null {
    return view.data.people.value?.find((one) => one.name === name)?.person_id ?? null
  }

  function split(entry: Entry): void {
    const npt = view.clock.npt.value
    if (npt <= entry.start || npt >= entry.end) return notices.tell(t('decide.splitOutside'))
    const track = entry.seen.merged_tracks.find((id) => {
      const series = view.scene.value.series(wholeTrack(id))
      return series?.npt.length && npt >= series.npt[0]! && npt <= series.npt.at(-1)!
    })
    void decisions.say(entry, { verb: 'split', npt, track: track ?? entry.seen.track_id })
  }

  return {
    decisions,
    isNaming,
    isMerging,
    named,
    personId,
    name: () => withSelected(() => (isNaming.value = true)),
    merge: () => withSelected(() => (isMerging.value = true)),
    split: () => withSelected(split),
    merged: (entry: Entry, other: Entry) => decisions.say(entry, { verb: 'merge', other: other.seen.track_id }),
    confirm: () =>
      withSelected((entry) =>
        entry.kind === 'person' ? named(entry, entry.seen.name) : notices.tell(t('decide.noName')),
      ),
    isNot: () =>
      withSelected((entry) =>
        entry.kind === 'person'
          ? decisions.say(entry, { verb: 'is_not', name: entry.seen.name })
          : notices.tell(t('decide.noName')),
      ),
    unknown: () => withSelected((entry) => sayAndGoOn(entry, { verb: 'unknown' })),
    ignore: () => withSelected((entry) => sayAndGoOn(entry, { verb: 'ignore' })),
  }
}
