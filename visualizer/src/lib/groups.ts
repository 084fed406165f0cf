/** Unknown people as cards on a wall. */

import { plain } from './plain'

/** What a card needs of a group. */
export interface Walled {
  unknown_id: number
  seconds: number
  n_appearances: number
  n_videos: number
}

const LARGE_SHARE = 0.4
const MOST_LARGE = 6
/** So many cards there are for each large one: where all are large, none is. */
const SMALL_BESIDE = 4

/**
 * Which cards are large: those of people who are seen for nearly as long as the first one, a handful at most. Two sizes are enough to
 * see who matters; more would make a patchwork.
 *
 * @param groups The longest seen first.
 */
export function largeOnes(groups: readonly Walled[]): ReadonlySet<number> {
  const most = groups[0]?.seconds ?? 0
  return new Set(
    groups
      .slice(0, Math.min(MOST_LARGE, Math.floor(groups.length / SMALL_BESIDE)))
      .filter((one) => one.seconds > 0 && one.seconds >= most * LARGE_SHARE)
      .map((one) => one.unknown_id),
  )
}

/** Two groups as one, as well as the page can know before the server says it. */
export function mergedGroup<T extends Walled>(one: T, other: T): T {
  return {
    ...one,
    unknown_id: Math.min(one.unknown_id, other.unknown_id),
    seconds: one.seconds + other.seconds,
    n_appearances: one.n_appearances + other.n_appearances,
    n_videos: Math.max(one.n_videos, other.n_videos),
  }
}

/**
 * Names that begin with what is typed, then those of which another word does, then those that hold it anywhere; whatever the case and
 * the accents.
 */
export function matching(names: readonly string[], typed: string, n: number): string[] {
  const wanted = plain(typed.trim())
  if (!wanted) return []
  const rank = (name: string): number => {
    const text = plain(name)
    if (text.startsWith(wanted)) return 0
    if (text.split(/[\s-]+/).some((word) => word.startsWith(wanted))) return 1
    return text.includes(wanted) ? 2 : 3
  }
  return names
    .map((name, at) => ({ name, at, rank: rank(name) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .slice(0, n)
    .map((one) => one.name)
}

/** The name of somebody who is known already, however it is written; as it was typed for somebody new. */
export function known(names: readonly string[], typed: string): string {
  const wanted = plain(typed.trim())
  return names.find((name) => plain(name) === wanted) ?? typed.trim()
}

/** Where the arrow keys lead from one of many tiles that stand in rows, by the places where these are. */
export function neighbourTile(tiles: readonly DOMRect[], at: number, key: string): number {
  if (key === 'ArrowRight') return Math.min(at + 1, tiles.length - 1)
  if (key === 'ArrowLeft') return Math.max(at - 1, 0)
  if (key === 'Home') return 0
  if (key === 'End') return tiles.length - 1
  const here = tiles[at]
  if (!here) return 0
  const middle = here.x + here.width / 2
  const isDown = key === 'ArrowDown'
  const beyond = tiles
    .map((tile, index) => ({ tile, index }))
    .filter(({ tile }) => (isDown ? tile.y >= here.y + here.height - 1 : tile.y + tile.height <= here.y + 1))
  const far = ({ tile }: { tile: DOMRect }): [number, number] => [
    isDown ? tile.y - here.y - here.height : here.y - tile.y - tile.height,
    Math.abs(tile.x + tile.width / 2 - middle),
  ]
  beyond.sort((a, b) => far(a)[0] - far(b)[0] || far(a)[1] - far(b)[1])
  return beyond[0]?.index ?? at
}
