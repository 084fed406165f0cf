/** Two people changed the same thing at once: what goes together is put together, and what does not is told. */

export interface Conflict<T> {
  field: keyof T
  mine: T[keyof T]
  theirs: T[keyof T]
}

export interface Merged<T> {
  values: T
  /** Fields that both changed to something else: `values` holds what was typed here. */
  conflicts: Conflict<T>[]
  /** Fields that only the others changed: `values` holds theirs. */
  taken: (keyof T)[]
}

/** Put together what was typed here and what others saved, both begun from `base`. */
export function merged<T extends object>(base: T, mine: T, theirs: T): Merged<T> {
  const result: Merged<T> = { values: { ...mine }, conflicts: [], taken: [] }
  for (const field of Object.keys(base) as (keyof T)[]) {
    if (isSame(theirs[field], base[field]) || isSame(theirs[field], mine[field])) continue
    if (isSame(mine[field], base[field])) {
      result.values[field] = theirs[field]
      result.taken.push(field)
    } else result.conflicts.push({ field, mine: mine[field], theirs: theirs[field] })
  }
  return result
}

/** The fields that are another now than they were. */
export function changedFields<T extends object>(base: T, mine: T): Partial<T> {
  const changed = (Object.keys(base) as (keyof T)[]).filter((field) => !isSame(base[field], mine[field]))
  return Object.fromEntries(changed.map((field) => [field, mine[field]])) as Partial<T>
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
