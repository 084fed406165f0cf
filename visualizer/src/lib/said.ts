/** The sentences of the server in the language of the page; plugins/i18n.ts brings the catalogue. */

import { phrasebook, type Catalogue, type Phrasebook } from './phrases'

const nothing: Phrasebook = () => null
let book = nothing

/** Speak by a catalogue from now on; without one, as the server does. */
export function speakBy(catalogue: Catalogue | null): void {
  book = catalogue ? phrasebook(catalogue) : nothing
}

/** A sentence of the server as it is said here; null where it is left as it is. */
export function saidHere(text: string): string | null {
  return text ? book(text) : null
}

/** A sentence of the server as it is said here, or as the server says it. */
export function said(text: string): string {
  return saidHere(text) ?? text
}

/**
 * Why the server refused. What cannot be said here stands behind what kind of refusal it is.
 *
 * @param title What the code means, a sentence of the server too.
 * @param detail What happened this time.
 */
export function refusal(title: string, detail: string): string {
  const here = saidHere(detail)
  const kind = saidHere(title)
  if (here !== null || kind === null || !detail || detail === title) return here ?? kind ?? (detail || title)
  return `${kind.replace(/\.$/, '')} (${detail.replace(/\.$/, '')}).`
}
