/** With what another appearance can become one, or be the same person. */

import { type Entry, isPending, isSaid } from './appearances'
import { plain } from './plain'

export type Pairing = 'merge' | 'same'

const MOST = 40

/**
 * Those that come into question, the nearest in time first.
 *
 * To be the same person, one appearance of each of the others is enough: the nearest one. Otherwise dozens of the person beside would hide
 * everybody else.
 *
 * @param search Words that their names must hold; all where it is empty.
 */
export function partners(
  entry: Entry,
  entries: readonly Entry[],
  pairing: Pairing,
  search: string,
  label: (entry: Entry) => string,
): Entry[] {
  const words = plain(search).split(/\s+/).filter(Boolean)
  const far = (one: Entry): number => Math.max(one.start - entry.end, entry.start - one.end, 0)
  const found = entries
    .filter((one) => one.key !== entry.key && !isSaid(one) && !isPending(one))
    // Those of one lane are one person already.
    .filter((one) => pairing === 'merge' || one.lane !== entry.lane)
    .filter((one) => words.every((word) => plain(label(one)).includes(word)))
    .sort((a, b) => far(a) - far(b))
  if (pairing === 'merge') return found.slice(0, MOST)
  const lanes = new Set<string>()
  return found.filter((one) => !lanes.has(one.lane) && lanes.add(one.lane)).slice(0, MOST)
}
