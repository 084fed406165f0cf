/** Several things chosen in a grid, as file managers do it: by click, with Shift, with Ctrl, by arrow keys. Never changed in place. */

export interface Picks {
  chosen: ReadonlySet<string>
  /** Where a stretch chosen with Shift begins. */
  anchor: string | null
}

export const NOTHING: Picks = { chosen: new Set(), anchor: null }

/** Take one in or out. */
export function toggled({ chosen }: Picks, id: string): Picks {
  const now = new Set(chosen)
  if (!now.delete(id)) now.add(id)
  return { chosen: now, anchor: id }
}

/** All from the anchor to this one; what else was chosen stays. */
export function extended(picks: Picks, order: readonly string[], id: string): Picks {
  const from = picks.anchor === null ? -1 : order.indexOf(picks.anchor)
  const to = order.indexOf(id)
  if (to < 0) return picks
  if (from < 0) return { chosen: new Set([...picks.chosen, id]), anchor: id }
  const stretch = order.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { chosen: new Set([...picks.chosen, ...stretch]), anchor: picks.anchor }
}

export function all(order: readonly string[]): Picks {
  return { chosen: new Set(order), anchor: order[0] ?? null }
}

/** Without those that are not there any more. */
export function within(picks: Picks, order: readonly string[]): Picks {
  const there = new Set(order)
  const chosen = new Set([...picks.chosen].filter((id) => there.has(id)))
  return chosen.size === picks.chosen.size ? picks : { chosen, anchor: picks.anchor }
}

/** Those that something is done with: the chosen ones where this one is among them, else this one alone. */
export function meant({ chosen }: Picks, id: string): string[] {
  return chosen.has(id) ? [...chosen] : [id]
}

/** Where an arrow key leads in a grid of so many columns; the same place where it leads nowhere. */
export function stepped(at: number, key: string, columns: number, n: number): number {
  const row = Math.max(columns, 1)
  const to: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - row,
    ArrowDown: at + row < n ? at + row : Math.floor(at / row) < Math.floor((n - 1) / row) ? n - 1 : at,
    Home: 0,
    End: n - 1,
    PageUp: Math.max(at - 4 * row, at % row),
    PageDown: Math.min(at + 4 * row, n - 1),
  }
  const wanted = to[key] ?? at
  return wanted < 0 || wanted >= n ? at : wanted
}
