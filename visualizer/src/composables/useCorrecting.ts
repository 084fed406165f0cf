import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { type Entry, isPending, isSaid, nextDoubtful, type Said, wholeTrack } from '@/lib/appearances'
import { inside, type Interval } from '@/lib/interval'
import { useNotices } from '@/stores/notices'
import { useDecisions } from './useDecisions'
import type { VideoKey } from './useVideoData'
import type { VideoView } from './useVideoView'

/** What can be said of the selected track; after each word the next doubtful one is selected. */
export function useCorrecting(key: VideoKey, view: VideoView) {
  const { t } = useI18n()
  const notices = useNotices()
  // Whoever takes something back wants to see what it was about, and to say it rightly.
  const decisions = useDecisions(key, ({ track, npt }) => view.back(track, npt))
  const isNaming = ref(false)
  /** What another appearance is asked for: to become one with it, or to be the same person. */
  const pairing = ref<'merge' | 'same' | null>(null)

  function withSelected(act: (entry: Entry) => unknown): void {
    const entry = view.selected.value
    if (!entry) notices.tell(t('track.none'))
    else if (isPending(entry)) notices.tell(t('analysis.wait'))
    else if (isSaid(entry)) notices.tell(t('track.saidOnly'))
    else act(entry)
  }

  /** Those without a name that are to be seen in a stretch. */
  function unnamedIn(interval: Interval): Entry[] {
    const some = inside(view.visible.value, interval)
    return some.filter((entry) => entry.kind === 'unknown' && !isPending(entry) && !isSaid(entry))
  }

  /** An interval that people named is taken back; everything else is no face, or not to be shown. */
  function ignore(): void {
    const entry = view.selected.value
    if (!entry || !isSaid(entry)) return withSelected((one) => sayAndGoOn(one, { verb: 'ignore' }))
    const said = view.data.said.value?.find(
      ({ target, person_id }) =>
        target.kind === 'interval' &&
        person_id === entry.seen.person_id &&
        Math.abs(target.start_npt - entry.start) < 1e-3 &&
        Math.abs(target.end_npt - entry.end) < 1e-3,
    )
    if (said) void decisions.withdraw(entry, said.decision_id)
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

  /** One of those who it may be, as they stand beside the track. */
  function candidate(rank: number): void {
    withSelected((entry) => {
      const found = entry.seen.candidates[rank]
      if (found) named(entry, found.name)
      else notices.tell(t('track.noCandidate', { n: rank + 1 }))
    })
  }

  return {
    decisions,
    candidate,
    isNaming,
    pairing,
    unnamedIn,
    named,
    personId,
    name: () => withSelected(() => (isNaming.value = true)),
    merge: () => withSelected(() => (pairing.value = 'merge')),
    same: () => withSelected(() => (pairing.value = 'same')),
    split: () => withSelected(split),
    paired: (entry: Entry, other: Entry) =>
      decisions.say(entry, { verb: pairing.value === 'same' ? 'same' : 'merge', other: other.seen.track_id }),
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
    ignore,
  }
}

export type Correcting = ReturnType<typeof useCorrecting>
