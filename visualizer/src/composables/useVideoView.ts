import { computed, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import {
  type Entry,
  entriesOf,
  entryOfTrack,
  isShown,
  type Lane,
  lanesOf,
  movedTo,
  neighbour,
  PENDING,
  stretchesOf,
} from '@/lib/appearances'
import { assigned, UNKNOWN_COLOUR } from '@/lib/palette'
import type { Scene } from '@/lib/overlay'
import { rateOf } from '@/lib/time'
import { useConnection } from '@/stores/connection'
import { usePreferences } from '@/stores/preferences'
import { useLoop } from './useLoop'
import { useSamples } from './useSamples'
import { useVideoClock } from './useVideoClock'
import { useVideoData, type VideoKey } from './useVideoData'
import { useViewAddress } from './useViewAddress'
import { useVolume } from './useVolume'

/** All that the video page shows, put together: data, clock, selection, and how people are called and coloured. */
export function useVideoView(key: VideoKey, draw: (npt: number) => void) {
  const { t } = useI18n()
  const preferences = usePreferences()
  const connection = useConnection()
  const element = shallowRef<HTMLVideoElement | null>(null)
  const rate = computed(() => rateOf(data.video.value?.frame_rate ?? ''))
  const clock = useVideoClock({
    video: element,
    rate: () => rate.value,
    duration: () => data.duration.value,
    start: () => data.video.value?.start_time ?? 0,
    onFrame: (npt) => {
      draw(npt)
      loop.heard(npt)
    },
  })
  const address = useViewAddress(() => ({ npt: clock.npt.value, isPlaying: clock.isPlaying.value }), preferences.all)
  const data = useVideoData({ ...key, start: address.start })
  const loop = useLoop({
    clock,
    interval: address.interval,
    rate: () => rate.value,
    duration: () => data.duration.value,
  })
  const samples = useSamples({
    ...key,
    duration: () => data.duration.value,
    // Before there is a player, it is known already where it will begin.
    npt: () => (element.value ? clock.npt.value : address.start),
    edition: () => data.edition.value,
    version: () => data.version.value,
  })

  const entries = computed(() => data.seen.value.flatMap((seen) => entriesOf(seen, data.cuts.value)))
  const hand = computed(() => preferences.all.hands[handOf(key)] ?? [])
  const all = computed(() => lanesOf(entries.value, preferences.all.order, hand.value))
  const shown = computed(() => {
    const { people, unknown, low } = preferences.all
    return { people, unknown, low }
  })
  const visible = computed(() => entries.value.filter((entry) => isShown(entry, address.line.value, shown.value)))
  const lanes = computed(() => lanesOf(visible.value, preferences.all.order, hand.value))
  const selected = computed(() => entryOfTrack(entries.value, address.selected.value))

  const colours = computed(() => {
    const people = lanesOf(entries.value, 'seconds').filter((lane) => lane.kind === 'person')
    return assigned(people.map((lane) => lane.key))
  })
  const colour = (lane: string): string => colours.value.get(lane) ?? UNKNOWN_COLOUR

  function label({ seen }: Entry): string {
    if (seen.person_id !== null) return seen.name
    if (seen.unknown_id === null) return t('video.unknownFace')
    if (seen.unknown_id === PENDING) return t('analysis.found')
    // A group that somebody gave a name keeps it; the number is said in the language of the page.
    return /^(Unknown \d+)?$/.test(seen.name) ? t('video.unknown', { n: seen.unknown_id }) : seen.name
  }

  const scene = computed((): Scene => ({
    stretches: stretchesOf(entries.value),
    series: seriesOf(samples.tracks.value),
    colour: (entry) => colour(entry.lane),
    label,
    line: address.line.value,
    shown: shown.value,
    selected: selected.value?.key ?? null,
  }))

  function select(entry: Entry | null): void {
    address.selected.value = entry?.key ?? null
  }

  function go(entry: Entry): void {
    select(entry)
    clock.seek(entry.start)
  }

  /** Select a track and show it at a time, whether it is there by now or comes with the next answer. */
  function back(track: string, npt: number): void {
    address.selected.value = track
    clock.seek(npt)
  }

  /** The next appearance of the selected person, or of anybody. */
  function walk(step: 1 | -1): void {
    const next = neighbour(visible.value, clock.npt.value, selected.value, step)
    if (next) go(next)
  }

  /** Put a lane where another one stands, or so many places up or down: the order is one by hand from then on. */
  function arrange(lane: string, to: string | number): void {
    const keys = all.value.map((one) => one.key)
    const place = typeof to === 'string' ? keys.indexOf(to) : keys.indexOf(lane) + to
    if (place >= 0) preferences.keepHand(handOf(key), movedTo(keys, lane, place))
  }

  function choose(lane: Lane): void {
    const next = lane.entries.find((one) => one.start > clock.npt.value + 0.05 && one.key !== selected.value?.key)
    go(next ?? lane.entries[0]!)
  }

  const present = ref<ReadonlySet<string>>(new Set())
  const shows = (now: Entry[]): void => void (present.value = new Set(now.map((one) => one.lane)))

  watch(element, (now) => now && address.start > 0 && clock.seek(address.start), { flush: 'post' })
  useVolume(element)
  // A film that broke off because the server was lost goes on when it is back.
  watch(
    () => connection.isOffline,
    (isOffline) => !isOffline && clock.reload(),
  )
  watch(
    () => data.video.value?.local,
    (local) => local === false && clock.seek(address.start),
  )

  return {
    data,
    element,
    rate,
    clock,
    loop,
    line: address.line,
    tab: address.tab,
    sort: address.sort,
    interval: address.interval,
    cite: address.cite,
    arrange,
    entries,
    all,
    visible,
    lanes,
    selected,
    scene,
    colour,
    label,
    select,
    go,
    back,
    walk,
    choose,
    present,
    shows,
  }
}

function handOf({ project, videoId, fragment }: VideoKey): string {
  return [project(), videoId(), fragment()].join(' ')
}

function seriesOf(tracks: Map<number, import('@/lib/boxes').Series>): Scene['series'] {
  return (track) => tracks.get(track)
}

export type VideoView = ReturnType<typeof useVideoView>
