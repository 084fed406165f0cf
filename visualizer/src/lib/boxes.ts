/** Where a face is at a time: boxes between the samples of a track. All boxes are in pixels of the original frame. */

export interface Box {
  x: number
  y: number
  w: number
  h: number
}

/** The samples of a track, in order of time; `boxes` holds x, y, w, h of each one after the other. */
export interface Series {
  npt: Float64Array
  boxes: Float32Array
}

/** A box at a time. `exact` is false where the face was seen only before or after: then the box is the nearest one. */
export interface Placed {
  box: Box
  exact: boolean
}

const MAX_GAP_PERIODS = 3
const MIN_GAP_S = 1.5

/** The box of a sample. */
export function boxAt(series: Series, row: number): Box {
  const at = row * 4
  return { x: series.boxes[at]!, y: series.boxes[at + 1]!, w: series.boxes[at + 2]!, h: series.boxes[at + 3]! }
}

/** The last row whose time is not after `npt`; -1 where all are. */
export function rowBefore(npt: Float64Array, time: number): number {
  let low = 0
  let high = npt.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (npt[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The longest time between two samples over which a face is taken to have moved straight on. */
export function longestGap(npt: Float64Array): number {
  if (npt.length < 2) return MIN_GAP_S
  const gaps = Array.from({ length: npt.length - 1 }, (_, row) => npt[row + 1]! - npt[row]!).sort((a, b) => a - b)
  return Math.max(MIN_GAP_S, MAX_GAP_PERIODS * gaps[gaps.length >> 1]!)
}

/**
 * The box of a track at a time.
 *
 * Between two samples it moves on a straight line. Before the first and after the last one, and inside a gap in which the face was
 * lost, the nearest sample stands in, for as long as `hold` says.
 *
 * @param time Seconds.
 * @param hold Seconds for which the nearest sample stands in.
 * @param gap Seconds between samples beyond which the face was lost; see `longestGap`.
 * @returns null where the face is not to be seen.
 */
export function placeAt(series: Series, time: number, hold: number, gap: number): Placed | null {
  const { npt } = series
  const before = rowBefore(npt, time)
  const start = npt[before]
  const end = npt[before + 1]
  if (start !== undefined && time - start < 1e-6) return { box: boxAt(series, before), exact: true }
  if (start !== undefined && end !== undefined && end - start <= gap) {
    return {
      box: between(boxAt(series, before), boxAt(series, before + 1), (time - start) / (end - start)),
      exact: true,
    }
  }
  const sinceStart = start === undefined ? Infinity : time - start
  const untilEnd = end === undefined ? Infinity : end - time
  if (Math.min(sinceStart, untilEnd) > hold) return null
  return { box: boxAt(series, sinceStart <= untilEnd ? before : before + 1), exact: false }
}

/** The box that lies so far on the way from one to another. */
export function between(from: Box, to: Box, share: number): Box {
  const mix = (a: number, b: number): number => a + (b - a) * share
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), w: mix(from.w, to.w), h: mix(from.h, to.h) }
}

/** Whether a point lies in a box. */
export function holds(box: Box, x: number, y: number): boolean {
  return x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h
}

/** Put the samples of several windows of time together; those that stand in two of them count once. */
export function joined(parts: readonly Series[]): Series {
  const sorted = parts.filter((part) => part.npt.length).sort((a, b) => a.npt[0]! - b.npt[0]!)
  const n = sorted.reduce((sum, part) => sum + part.npt.length, 0)
  const npt = new Float64Array(n)
  const boxes = new Float32Array(n * 4)
  let filled = 0
  for (const part of sorted) {
    for (let row = 0; row < part.npt.length; row++) {
      if (filled && part.npt[row]! <= npt[filled - 1]!) continue
      npt[filled] = part.npt[row]!
      boxes.set(part.boxes.subarray(row * 4, row * 4 + 4), filled * 4)
      filled++
    }
  }
  return { npt: npt.subarray(0, filled), boxes: boxes.subarray(0, filled * 4) }
}
