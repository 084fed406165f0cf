/** The order of a list of appearances. */

import type { Entry } from './appearances'

export const COLUMNS = ['start', 'length', 'who', 'sure'] as const
export type Column = (typeof COLUMNS)[number]

const collator = new Intl.Collator(undefined, { numeric: true })

/** Appearances in an order; those that are equal in it by their start. What people decided is the surest. */
export function sorted(entries: readonly Entry[], by: Column, down: boolean, label: (entry: Entry) => string): Entry[] {
  const names = by === 'who' ? new Map(entries.map((one) => [one, label(one)])) : null
  const sure = (one: Entry): number => (one.seen.source === 'human' ? 2 : one.seen.confidence)
  const compare: Record<Column, (a: Entry, b: Entry) => number> = {
    start: (a, b) => a.start - b.start,
    length: (a, b) => a.end - a.start - (b.end - b.start),
    who: (a, b) => collator.compare(names!.get(a)!, names!.get(b)!),
    sure: (a, b) => sure(a) - sure(b),
  }
  const sign = down ? -1 : 1
  return [...entries].sort((a, b) => sign * compare[by](a, b) || a.start - b.start || a.seen.track_id - b.seen.track_id)
}
