/** A training report as plots: whom the model takes for whom, and how sure it may be. Arithmetic only; the drawing is elsewhere. */

/** One row of a confusion matrix: somebody's held-out faces, and whose names they were given. */
export interface Person {
  name: string
  n_held_out: number
  n_right: number
  n_unknown: number
}

export interface Pair {
  person: string
  taken_for: string
  count: number
}

export interface Matrix {
  rows: string[]
  /** The last one is for those who were given no name: an empty word. */
  columns: string[]
  /** Column, row, share of the faces of the row, number of faces. */
  cells: [number, number, number, number][]
}

/**
 * Who was taken for whom. Of more people than fit, those with mistakes come first: whoever is always recognised has nothing to show.
 */
export function confusion(people: Person[], confused: Pair[], most: number): Matrix {
  const wrong = (one: Person): number => one.n_held_out - one.n_right
  const measured = people.filter(({ n_held_out }) => n_held_out > 0)
  const shown = [...measured].sort((a, b) => wrong(b) / b.n_held_out - wrong(a) / a.n_held_out).slice(0, most)
  const rows = shown.map(({ name }) => name)
  const others = confused.filter(({ person }) => rows.includes(person)).map(({ taken_for }) => taken_for)
  const columns = [...new Set([...rows, ...others]), '']
  const cells: Matrix['cells'] = []
  shown.forEach((one, row) => {
    const add = (column: number, count: number): void => {
      if (count) cells.push([column, row, count / one.n_held_out, count])
    }
    add(row, one.n_right)
    add(columns.length - 1, one.n_unknown)
    for (const { person, taken_for, count } of confused) if (person === one.name) add(columns.indexOf(taken_for), count)
  })
  return { rows, columns, cells }
}

/** A curve over rates with a logarithmic axis: rates of nothing are drawn where the axis begins. */
export function onLogAxis(x: number[], y: number[], finest: number): [number, number][] {
  const points = x.map((value, at): [number, number] => [Math.max(value, finest), y[at]!])
  // Of points at one place the best is what can be had there.
  const best = new Map<number, number>()
  for (const [at, value] of points) best.set(at, Math.max(best.get(at) ?? 0, value))
  return [...best.entries()].sort(([a], [b]) => a - b)
}

/** Whether a number of a report that grew is good news (1), bad news (-1), or only news (0). */
export const BETTER: Record<string, number> = {
  n_people: 0,
  n_pictures: 0,
  named_right: 1,
  named_wrong: -1,
  strangers_named: -1,
  dir_at_1_percent: 1,
  dir_at_0_1_percent: 1,
  ece: -1,
  named_from: 0,
  evidence: 0,
}

const SHARES = new Set([
  'named_right',
  'named_wrong',
  'strangers_named',
  'dir_at_1_percent',
  'dir_at_0_1_percent',
  'ece',
])
/** Less is no change that anybody would see. */
const LEAST = 5e-4

export interface Change {
  key: string
  now: number | null
  before: number | null
  /** By how much it grew; null where it is not known twice. */
  by: number | null
  news: 'good' | 'bad' | 'none'
  isShare: boolean
}

/** What became of the numbers of a model since the one before; without one, the numbers alone. */
export function changes(
  summary: Record<string, number | null>,
  metrics: { key: string; before: number | null; now: number | null }[] | undefined,
): Change[] {
  const before = new Map(metrics?.map((metric) => [metric.key, metric.before]))
  return Object.keys(BETTER)
    .filter((key) => summary[key] !== undefined)
    .map((key) => {
      const [now, then] = [summary[key] ?? null, before.get(key) ?? null]
      const by = now === null || then === null || Math.abs(now - then) < LEAST ? null : now - then
      const sign = Math.sign(by ?? 0) * BETTER[key]!
      return {
        key,
        now,
        before: then,
        by,
        news: sign > 0 ? 'good' : sign < 0 ? 'bad' : 'none',
        isShare: SHARES.has(key),
      }
    })
}
