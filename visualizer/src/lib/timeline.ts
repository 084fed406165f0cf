/** The arithmetic of a timeline: which stretch of time is shown, where its marks stand, and what lies under the pointer. */

import { clamp } from './letterbox'

/** The stretch that is shown, in seconds. */
export interface Window {
  start: number
  end: number
}

const SHORTEST_S = 0.5

export function xOf(window: Window, width: number, npt: number): number {
  return ((npt - window.start) / (window.end - window.start)) * width
}

export function timeOf(window: Window, width: number, x: number): number {
  return window.start + (x / width) * (window.end - window.start)
}

/** Show a longer or a shorter stretch; the time `at` stays where it is. A factor above 1 shows more detail. */
export function zoomed(window: Window, duration: number, at: number, factor: number): Window {
  const length = clamp((window.end - window.start) / factor, Math.min(SHORTEST_S, duration), duration)
  const share = (at - window.start) / (window.end - window.start)
  return placed(at - share * length, length, duration)
}

/** Move the stretch by so many seconds, to the ends of the video at most. */
export function moved(window: Window, duration: number, by: number): Window {
  return placed(window.start + by, window.end - window.start, duration)
}

/** The stretch that has a time in it: the same one while it has, else the next one like turning a page. */
export function following(window: Window, duration: number, npt: number): Window {
  if (npt >= window.start && npt <= window.end) return window
  const length = window.end - window.start
  return placed(npt - length * 0.1, length, duration)
}

function placed(start: number, length: number, duration: number): Window {
  const from = clamp(start, 0, Math.max(duration - length, 0))
  return { start: from, end: from + length }
}

const STEPS_S = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]

/** Where a ruler has marks: the finest steps that are round and leave `apart` pixels for each label. */
export function marks(window: Window, width: number, apart: number): { step: number; times: number[] } {
  const least = ((window.end - window.start) * apart) / Math.max(width, 1)
  const step = STEPS_S.find((one) => one >= least) ?? STEPS_S[STEPS_S.length - 1]!
  const times = []
  for (let n = Math.ceil(window.start / step - 1e-9); n * step <= window.end + 1e-9; n++) times.push(n * step + 0)
  return { step, times }
}

/** A stretch in a lane. */
export interface Bar {
  start: number
  end: number
}

/**
 * The bar at a time in one lane, or the nearest one within reach: short bars must be easy to hit too.
 *
 * @param bars Of one lane, by start.
 * @param reach Seconds.
 */
export function barAt<B extends Bar>(bars: readonly B[], npt: number, reach: number): B | null {
  let found: B | null = null
  let nearest = reach
  for (const bar of bars) {
    const far = npt < bar.start ? bar.start - npt : npt > bar.end ? npt - bar.end : 0
    if (far === 0) return bar
    if (far <= nearest) [found, nearest] = [bar, far]
    if (bar.start - npt > reach) break
  }
  return found
}

const reaches = new WeakMap<readonly Bar[], Float64Array>()

/**
 * The first bar of a lane that may reach into a stretch: those before it have all ended. Bars are sorted by start, and a lane is
 * never changed, so that how far they reach is worked out once.
 */
export function firstReaching(bars: readonly Bar[], start: number): number {
  let ends = reaches.get(bars)
  if (!ends) {
    ends = new Float64Array(bars.length)
    let latest = -Infinity
    for (const [at, bar] of bars.entries()) ends[at] = latest = Math.max(latest, bar.end)
    reaches.set(bars, ends)
  }
  return lowest(ends, start)
}

/** The first of rising numbers that is not below another one. */
function lowest(rising: Float64Array, least: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rising[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}

/** Finds what overlaps a time among thousands of stretches, without looking at all of them. */
export class Stretches<B extends Bar> {
  private readonly sorted: B[]
  /** The latest end of all stretches up to each one. */
  private readonly ends: Float64Array

  constructor(bars: readonly B[]) {
    this.sorted = [...bars].sort((a, b) => a.start - b.start)
    this.ends = new Float64Array(bars.length)
    let latest = -Infinity
    this.sorted.forEach((bar, at) => (this.ends[at] = latest = Math.max(latest, bar.end)))
  }

  /** Those that hold a time, both ends included, by start. */
  at(npt: number): B[] {
    return this.within(npt, npt)
  }

  /** Those that overlap a stretch, by start. */
  within(start: number, end: number): B[] {
    const found = []
    for (let at = lowest(this.ends, start); at < this.sorted.length && this.sorted[at]!.start <= end; at++) {
      if (this.sorted[at]!.end >= start) found.push(this.sorted[at]!)
    }
    return found
  }
}
