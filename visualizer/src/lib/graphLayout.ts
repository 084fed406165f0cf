/**
 * Where the people of a graph stand: those who are often together near each other, and always in the same places.
 *
 * Source: Fruchterman and Reingold, Graph Drawing by Force-directed Placement, 1991: forces of section 3, cooling of section 4. Its random
 * beginning is a circle in the order of ids here, and its steps are always as many: the same people stand in the same places
 * whenever the graph is drawn.
 */

export interface Edge {
  one: number
  other: number
  /** From 0 to 1: how strongly it pulls. */
  weight: number
}

export interface Place {
  x: number
  y: number
}

const STEPS = 400

/**
 * @param ids Of the people; where each of them begins depends on their order as texts alone.
 * @param edges Between places in `ids`.
 * @returns Places from 0 to 1, in the order of `ids`.
 */
export function laidOut(ids: readonly string[], edges: readonly Edge[]): Place[] {
  const n = ids.length
  if (n === 0) return []
  const order = ids.map((_, at) => at).sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1))
  const places: Place[] = []
  order.forEach((at, turn) => {
    const angle = (2 * Math.PI * turn) / n
    places[at] = { x: Math.cos(angle) / 2, y: Math.sin(angle) / 2 }
  })
  const apart = Math.sqrt(1 / n)
  // Sums are added in the order of ids too: in another order they would round to other places.
  const pulls = [...edges].sort((a, b) => (key(ids, a) < key(ids, b) ? -1 : 1))
  for (let step = 0; step < STEPS; step++) {
    const furthest = 0.1 * (1 - step / STEPS)
    const forces = order.map(() => ({ x: 0, y: 0 }))
    for (const a of order) for (const b of order) if (a !== b) push(places, forces, a, b, apart)
    for (const edge of pulls) pull(places, forces, edge, apart)
    for (const at of order) {
      const { x, y } = forces[at]!
      const length = Math.hypot(x, y) || 1
      const far = Math.min(length, furthest)
      places[at] = { x: places[at]!.x + (x / length) * far, y: places[at]!.y + (y / length) * far }
    }
  }
  return spread(places)
}

function key(ids: readonly string[], { one, other }: Edge): string {
  return [ids[one]!, ids[other]!].sort().join('\n')
}

function push(places: Place[], forces: Place[], a: number, b: number, apart: number): void {
  const [x, y] = [places[a]!.x - places[b]!.x, places[a]!.y - places[b]!.y]
  const square = Math.max(x * x + y * y, 1e-6)
  const force = (apart * apart) / square
  forces[a]!.x += x * force
  forces[a]!.y += y * force
  // A weak pull to the middle: those who are with nobody would drift away for ever.
  forces[a]!.x -= (places[a]!.x * apart) / places.length
  forces[a]!.y -= (places[a]!.y * apart) / places.length
}

function pull(places: Place[], forces: Place[], { one, other, weight }: Edge, apart: number): void {
  const [x, y] = [places[one]!.x - places[other]!.x, places[one]!.y - places[other]!.y]
  const force = (Math.hypot(x, y) / apart) * weight
  forces[one]!.x -= x * force
  forces[one]!.y -= y * force
  forces[other]!.x += x * force
  forces[other]!.y += y * force
}

/** Use all of the room: from 0 to 1 across and down. */
function spread(places: Place[]): Place[] {
  const across = range(places.map((one) => one.x))
  const down = range(places.map((one) => one.y))
  return places.map(({ x, y }) => ({ x: (x - across.low) / across.wide, y: (y - down.low) / down.wide }))
}

function range(values: number[]): { low: number; wide: number } {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return high - low < 1e-9 ? { low: low - 0.5, wide: 1 } : { low, wide: high - low }
}
