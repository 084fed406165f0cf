/** A stretch of a film that somebody marked: to play it again and again, to name who is there, to give its address on. */

import { clamp } from './letterbox'

export interface Interval {
  start: number
  end: number
}

/** Shorter ones are slips of the hand. */
const SHORTEST_S = 0.04

/** The stretch between two times, whichever comes first; null where hardly anything lies between them. */
export function between(one: number, other: number, duration: number): Interval | null {
  const end = duration || Infinity
  const [a, b] = [clamp(one, 0, end), clamp(other, 0, end)]
  return Math.abs(a - b) < SHORTEST_S ? null : { start: Math.min(a, b), end: Math.max(a, b) }
}

/**
 * The times of a media fragment: `t=12.5,45`, `t=npt:1:02,1:10.5`, `t=,20`.
 *
 * @returns null where the text has none, or one that cannot be understood.
 *
 * Source: W3C Media Fragments URI 1.0, section 4.2.1, without SMPTE codes and clock times.
 */
export function timesOf(fragment: string): { start: number; end: number | null } | null {
  const text = new URLSearchParams(fragment.replace(/^#/, '')).get('t')
  const found = /^(?:npt:)?([\d:.]*)(?:,([\d:.]+))?$/.exec(text ?? '')
  if (!found || !(found[1] || found[2])) return null
  const start = found[1] ? seconds(found[1]) : 0
  const end = found[2] === undefined ? null : seconds(found[2])
  if (start === null || (found[2] !== undefined && end === null) || (end !== null && end <= start)) return null
  return { start, end }
}

/** `90.5`, `1:30.5` or `0:01:30.5`. */
function seconds(text: string): number | null {
  if (!/^(?:(?:\d+:)?\d{1,2}:\d{2}|\d+)(?:\.\d*)?$/.test(text)) return null
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

/** Where to go when a loop comes to a time; null to go on. */
export function looped({ start, end }: Interval, npt: number, rate: number): number | null {
  // The last frame of the stretch is shown for as long as it lasts.
  return npt >= end - 0.25 / (rate || 25) || npt < start - 1 ? start : null
}

/** Those that are to be seen in a stretch. */
export function inside<T extends Interval>(all: readonly T[], { start, end }: Interval): T[] {
  return all.filter((one) => one.start < end && one.end > start)
}
