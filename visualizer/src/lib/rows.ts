/** Which rows of a long list are drawn: those that can be seen, and a few on each side. */

export interface Rows {
  first: number
  last: number
}

/**
 * @param scroll How far the list is scrolled, in pixels.
 * @param height Of what can be seen of it; 0 before that is known.
 * @param row Height of each row.
 * @returns From `first` on and before `last`.
 */
export function rowsOf(scroll: number, height: number, row: number, count: number, spare = 8): Rows {
  const seen = Math.ceil((height || 600) / row)
  const first = Math.min(Math.max(Math.floor(scroll / row) - spare, 0), Math.max(count - seen, 0))
  return { first, last: Math.min(first + seen + 2 * spare, count) }
}

/** How far to scroll so that a row can be seen whole, from where the list is now. */
export function revealing(scroll: number, height: number, row: number, at: number): number {
  return Math.max(Math.min(scroll, at * row), (at + 1) * row - (height || 600), 0)
}
