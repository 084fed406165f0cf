import { computed, ref } from 'vue'
import { fitting, type Moment, type MomentFilter, summed, type VideoMoments } from '@/lib/moments'

/** Videos that are drawn at first, and each time that more are asked for. */
const STEP = 40

/** The moments of somebody that a filter lets through, and the one that is played. */
export function useMoments(videos: () => readonly VideoMoments[], filter: () => MomentFilter) {
  const fit = computed(() => fitting(videos(), filter()))
  const sum = computed(() => summed(fit.value))
  const drawn = ref(STEP)
  const played = ref<{ video: VideoMoments; moment: Moment } | null>(null)
  const dates = computed(() => {
    const known = videos()
      .map(({ date }) => date)
      .filter(Boolean)
      .sort()
    return { from: known[0] ?? '', to: known.at(-1) ?? '' }
  })

  /** The moment before or after the one that is played, over all videos. */
  function step(by: 1 | -1): void {
    const all = fit.value.flatMap((video) => video.items.map((moment) => ({ video, moment })))
    const now = played.value
    const at = all.findIndex(
      ({ video, moment }) => video.analysis_id === now?.video.analysis_id && moment.track_id === now.moment.track_id,
    )
    played.value = all[at + by] ?? now
  }

  return {
    fit,
    sum,
    dates,
    shown: computed(() => fit.value.slice(0, drawn.value)),
    left: computed(() => Math.max(fit.value.length - drawn.value, 0)),
    more: () => (drawn.value += STEP),
    played,
    step,
  }
}
