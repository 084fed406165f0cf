import { type Ref, ref, watch } from 'vue'
import { between, type Interval, looped } from '@/lib/interval'
import type { VideoClock } from './useVideoClock'

export interface LoopOptions {
  clock: VideoClock
  interval: Ref<Interval | null>
  rate: () => number
  duration: () => number
}

/** A stretch of the film that somebody marks, and plays again and again. */
export function useLoop({ clock, interval, rate, duration }: LoopOptions) {
  const isOn = ref(false)

  /** Is told of each frame that is shown. */
  function heard(npt: number): void {
    if (!isOn.value || !interval.value || !clock.isPlaying.value) return
    const to = looped(interval.value, npt, rate())
    if (to !== null) clock.seek(to)
  }

  // A stretch that reaches to the end of the film stops the player there.
  watch(clock.isPlaying, (isPlaying) => {
    const atEnd = interval.value && interval.value.end >= duration() - 0.1 && clock.npt.value >= duration() - 0.2
    if (!isPlaying && isOn.value && atEnd) begin()
  })

  function begin(): void {
    if (!interval.value) return
    clock.seek(interval.value.start)
    void clock.play()
  }

  function toggle(): void {
    isOn.value = !isOn.value && interval.value !== null
    if (isOn.value) begin()
  }

  function mark(now: Interval | null): void {
    interval.value = now
    if (!now) isOn.value = false
  }

  /** Mark from here on, or up to here; the other end stays where it is, or is the end of the film on that side. */
  function edge(side: 'start' | 'end'): void {
    const npt = clock.npt.value
    const other = side === 'start' ? (interval.value?.end ?? duration()) : (interval.value?.start ?? 0)
    const ends = side === 'start' ? [npt, other > npt ? other : duration()] : [other < npt ? other : 0, npt]
    mark(between(ends[0]!, ends[1]!, duration()))
  }

  return { isOn, heard, toggle, mark, edge }
}
