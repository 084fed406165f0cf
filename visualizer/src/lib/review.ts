/** The queue of what the model doubts, as one person works through it. */

import type { Seen } from './appearances'
import { type Binding, meant, type Pressed } from './keys'

/** What the queue needs of an item. */
export interface Doubtful {
  id: string
  seconds: number
  appearance: Seen
}

export const REVIEW_ACTIONS = [
  'right',
  'take1',
  'take2',
  'take3',
  'take4',
  'take5',
  'name',
  'isNot',
  'unknown',
  'ignore',
  'skip',
  'undo',
  'play',
] as const
export type ReviewAction = (typeof REVIEW_ACTIONS)[number]

export const REVIEW_KEYS: readonly Pick<Binding<ReviewAction>, 'action' | 'keys' | 'command' | 'shift'>[] = [
  { action: 'right', keys: ['y', 'enter'] },
  { action: 'take1', keys: ['1'] },
  { action: 'take2', keys: ['2'] },
  { action: 'take3', keys: ['3'] },
  { action: 'take4', keys: ['4'] },
  { action: 'take5', keys: ['5'] },
  { action: 'name', keys: ['n'] },
  { action: 'isNot', keys: ['x'] },
  { action: 'unknown', keys: ['u'] },
  { action: 'ignore', keys: ['delete'] },
  { action: 'skip', keys: ['s'] },
  { action: 'undo', keys: ['z'], command: true },
  { action: 'play', keys: [' '] },
]

export function reviewActionOf(pressed: Pressed): ReviewAction | null {
  return meant(pressed, REVIEW_KEYS)
}

/** What was done with an item: somebody said something of it, or left it for another time. */
export type Done = ReadonlyMap<string, 'said' | 'skipped'>

/** The items that are still to be looked at, in their order. */
export function openItems<T extends Doubtful>(items: readonly T[], done: Done): T[] {
  return items.filter((item) => !done.has(item.id))
}

/** The item that is shown: the one that the address names as long as it is open, else the first that is. */
export function currentItem<T extends Doubtful>(items: readonly T[], done: Done, wanted: string | null): T | null {
  const open = openItems(items, done)
  return open.find((item) => item.id === wanted) ?? open[0] ?? null
}

/** The items that come after one, which are made ready before anybody asks for them. */
export function upcoming<T extends Doubtful>(items: readonly T[], done: Done, current: T | null, n: number): T[] {
  const open = openItems(items, done)
  const at = current ? open.findIndex((item) => item.id === current.id) : -1
  return [...open.slice(at + 1), ...open.slice(0, Math.max(at, 0))].slice(0, n)
}

export interface Totals {
  n: number
  secondsLeft: number
  seconds: number
}

/** How much is left, with what was said since the server was asked; what was skipped is left. */
export function totalsAfter(totals: Totals, items: readonly Doubtful[], done: Done): Totals {
  const said = items.filter((item) => done.get(item.id) === 'said')
  const seconds = said.reduce((sum, item) => sum + item.seconds, 0)
  return {
    n: Math.max(totals.n - said.length, 0),
    secondsLeft: Math.max(totals.secondsLeft - seconds, 0),
    seconds: totals.seconds,
  }
}

/** Share of the screen time that nobody need look at any more, 0 to 1. */
export function settledShare({ secondsLeft, seconds }: Totals): number {
  return seconds > 0 ? Math.min(Math.max(1 - secondsLeft / seconds, 0), 1) : 1
}

const LONGEST_S = 8
const MARGIN_S = 0.4

/** The stretch of a film that is shown again and again: all of a short appearance, of a long one the part around its best face. */
export function loopOf(seen: Pick<Seen, 'start_npt' | 'end_npt' | 'best_npt'>): { start: number; end: number } {
  const [from, to] = [Math.max(seen.start_npt - MARGIN_S, 0), seen.end_npt + MARGIN_S]
  if (to - from <= LONGEST_S) return { start: from, end: to }
  const start = Math.min(Math.max(seen.best_npt - LONGEST_S / 2, from), to - LONGEST_S)
  return { start, end: start + LONGEST_S }
}
