/** The table of videos: what is looked for, and in which order. */

import { plain } from './plain'

export const COLUMNS = ['title', 'date', 'length', 'people', 'state', 'added'] as const
export type Column = (typeof COLUMNS)[number]

/** What a row is known by. */
export interface Row {
  title: string
  locator: string
  date: string
  /** Seconds; null where nobody knows. */
  length: number | null
  /** People with a name; null where nobody was asked yet. */
  people: number | null
  /** How much of the analysis is done, 0 to 1; below 0 where it ended before that. */
  state: number
  added: string
}

/** `-people`: by people, most first. What means nothing is the order of adding, latest first. */
export function orderOf(text: string): { by: Column; down: boolean } {
  const by = COLUMNS.find((one) => one === text.replace(/^-/, ''))
  return by ? { by, down: text.startsWith('-') } : { by: 'added', down: true }
}

/** The order after somebody chose a column: the other way round where it is that of now, else as people expect it first. */
export function turned(text: string, column: Column): string {
  const { by, down } = orderOf(text)
  const isDown = by === column ? !down : ['length', 'people', 'added'].includes(column)
  return `${isDown ? '-' : ''}${column}`
}

/** Rows that hold all words that are looked for, in an order; what nobody knows comes last whichever way it goes. */
export function listed<R extends Row>(rows: readonly R[], search: string, sort: string): R[] {
  const words = plain(search).split(/\s+/).filter(Boolean)
  const { by, down } = orderOf(sort)
  const sign = down ? -1 : 1
  return rows
    .filter((row) => words.every((word) => plain(`${row.title} ${row.locator} ${row.date}`).includes(word)))
    .sort((a, b) => {
      const [one, other] = [a[by], b[by]]
      if (isBlank(one) || isBlank(other)) return Number(isBlank(one)) - Number(isBlank(other))
      if (typeof one === 'number') return sign * (one - (other as number))
      return sign * collator.compare(one as string, other as string)
    })
}

const collator = new Intl.Collator(undefined, { numeric: true })

function isBlank(value: string | number | null): boolean {
  return value === null || value === ''
}
