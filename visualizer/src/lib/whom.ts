/** People and unknown people as they are chosen and linked: one text for each, `Ann_Ace` or `unknown:3`. */

export interface Whom {
  person_id: string | null
  unknown_id: number | null
  name: string
}

/** Somebody who can be chosen. */
export interface Choice extends Whom {
  id: string
  /** An address of a picture of them. */
  picture: string
  aliases: readonly string[]
}

const UNKNOWN = 'unknown:'

export function idOf(whom: Pick<Whom, 'person_id' | 'unknown_id'>): string {
  return whom.person_id ?? `${UNKNOWN}${whom.unknown_id ?? 0}`
}

/** The number of an unknown person, or null. */
export function unknownIdOf(id: string): number | null {
  return id.startsWith(UNKNOWN) ? Number(id.slice(UNKNOWN.length)) : null
}

/**
 * What somebody is called on the page. The server numbers unknown people in its own language; who was given a name, if only "the
 * man with the hat", is called by it.
 *
 * @param unknown Says "Unknown 3", or only "Unknown" for a face that is in no group.
 */
export function calledOn(whom: Pick<Whom, 'person_id' | 'name'>, unknown: (number: number | null) => string): string {
  const numbered = whom.person_id === null ? /^(?:Unknown(?: (\d+))?)?$/.exec(whom.name) : null
  return numbered ? unknown(numbered[1] ? Number(numbered[1]) : null) : whom.name
}

/** Those whose name, or another name of theirs, has the typed text in it: at its beginning first, then at that of a word. */
export function matching(choices: readonly Choice[], typed: string, most: number): Choice[] {
  const wanted = folded(typed)
  if (!wanted) return choices.slice(0, most)
  const found: [number, Choice][] = []
  for (const choice of choices) {
    const rank = Math.min(...[choice.name, ...choice.aliases].map((name) => rankOf(folded(name), wanted)))
    if (Number.isFinite(rank)) found.push([rank, choice])
  }
  return found
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, choice]) => choice)
}

function rankOf(name: string, wanted: string): number {
  const at = name.indexOf(wanted)
  if (at <= 0) return at === 0 ? 0 : Infinity
  return name.includes(` ${wanted}`) ? 1 : 2
}

/** Without accents and capitals: whoever types `celik` means Çelik. */
function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase().trim()
}
