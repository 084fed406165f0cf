/** The people of a project as the grid shows them: with their totals, filtered and sorted. */

export interface PersonRow {
  id: string
  name: string
  aliases: readonly string[]
  recognisable: boolean
  pictures: number
  training: number
  videos: number
  appearances: number
  seconds: number
  portrait: boolean
  /** Whether the numbers are known; until then they are 0. */
  counted: boolean
}

export const SORTS = ['name', 'pictures', 'appearances', 'seconds'] as const
export type Sort = (typeof SORTS)[number]

interface PersonLike {
  person_id: string
  name: string
  aliases: string[]
  recognisable: boolean
}

interface TotalsLike {
  person_id: string
  n_pictures: number
  n_training: number
  n_videos: number
  n_appearances: number
  seconds: number
  portrait: boolean
}

/** Put people and totals together. Without totals, which come later, the numbers are 0 and nobody has a portrait yet. */
export function rowsOf(people: readonly PersonLike[], totals: readonly TotalsLike[] | undefined): PersonRow[] {
  const known = new Map((totals ?? []).map((one) => [one.person_id, one]))
  return people.map(({ person_id, name, aliases, recognisable }) => {
    const found = known.get(person_id)
    return {
      id: person_id,
      name,
      aliases,
      recognisable,
      pictures: found?.n_pictures ?? 0,
      training: found?.n_training ?? 0,
      videos: found?.n_videos ?? 0,
      appearances: found?.n_appearances ?? 0,
      seconds: found?.seconds ?? 0,
      portrait: found?.portrait ?? false,
      counted: totals !== undefined,
    }
  })
}

/** A text as it is compared: without accents and case. */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
}

/** Those whose name or alias has all the words, in any order. */
export function found(rows: readonly PersonRow[], text: string): PersonRow[] {
  const words = folded(text).split(/\s+/).filter(Boolean)
  if (!words.length) return [...rows]
  return rows.filter((row) => {
    const names = folded([row.name, ...row.aliases].join('\n'))
    return words.every((word) => names.includes(word))
  })
}

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

/** Names from A to Z, numbers from the largest; `isReversed` turns that round. The name decides between equals. */
export function sorted(rows: readonly PersonRow[], by: Sort, isReversed: boolean): PersonRow[] {
  const sign = isReversed ? -1 : 1
  const byName = (a: PersonRow, b: PersonRow): number => collator.compare(a.name, b.name)
  if (by === 'name') return [...rows].sort((a, b) => sign * byName(a, b))
  return [...rows].sort((a, b) => sign * (b[by] - a[by]) || byName(a, b))
}

/** The part of a grid that is in sight, with a margin: of thousands of cards some dozens are drawn. */
export function inSight(
  scroll: number,
  height: number,
  rowHeight: number,
  columns: number,
  n: number,
): { first: number; last: number } {
  const margin = 2
  const first = Math.max(Math.floor(scroll / rowHeight) - margin, 0) * columns
  const last = (Math.ceil((scroll + height) / rowHeight) + margin) * columns
  return { first: Math.min(first, n), last: Math.min(last, n) }
}

/** One or two letters that stand for somebody without a portrait. */
export function initials(name: string): string {
  const words = name.split(/[\s_-]+/).filter((word) => /^\p{L}/u.test(word))
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  return letters.map((word) => [...word][0]!.toLocaleUpperCase()).join('') || '?'
}
