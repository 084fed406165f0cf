/** What was said here and can be taken back, and what was taken back and can be said again. */

/** One step: the decisions that one key made, with words for it. */
export interface Step<T> {
  label: string
  said: T[]
  /** What it was said of, as whoever said it calls that: to go back there when it is taken back. */
  of?: string
}

/** Never changed: each act returns a new history. */
export interface History<T> {
  done: readonly Step<T>[]
  undone: readonly Step<T>[]
}

export const MAX_STEPS = 200

export function emptyHistory<T>(): History<T> {
  return { done: [], undone: [] }
}

/** Something new was said: what had been taken back before cannot be said again. */
export function did<T>(history: History<T>, step: Step<T>): History<T> {
  return { done: [...history.done, step].slice(-MAX_STEPS), undone: [] }
}

/** The last step was taken back; `by` is what says so. */
export function tookBack<T>(history: History<T>, by: T[]): History<T> {
  const last = history.done.at(-1)
  if (!last) return history
  return { done: history.done.slice(0, -1), undone: [...history.undone, { ...last, said: by }] }
}

/** The last step that was taken back holds again; `by` is what is to be taken back next time. */
export function didAgain<T>(history: History<T>, by: T[]): History<T> {
  const last = history.undone.at(-1)
  if (!last) return history
  return { done: [...history.done, { ...last, said: by }], undone: history.undone.slice(0, -1) }
}
