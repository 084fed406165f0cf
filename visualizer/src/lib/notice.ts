/** What a catalogue says of a programme, read from metadata that differ from archive to archive. */

import { nameKey } from './personNames'

/** Somebody whom a notice names. */
export interface Named {
  name: string
  /** Theirs in a knowledge graph, where a browser can be sent there. */
  address: string | null
  role: string
}

export interface Segment {
  start: number
  end: number | null
  title: string
  address: string | null
  people: string[]
}

export interface Notice {
  /** Facts in the order in which they stand, those that are well known first. */
  facts: { name: string; text: string; address: string | null }[]
  /** Each once, with what is said of them anywhere. */
  people: Named[]
  segments: Segment[]
}

type Fields = Readonly<Record<string, unknown>>

const KNOWN = ['programme', 'channel', 'collection', 'broadcast', 'summary', 'description', 'notice', 'media']
const STARTS = ['start_npt', 'start', 'begin', 'from']
const ENDS = ['end_npt', 'end', 'to']

/** Read the metadata of a video. What has no form that can be shown is left out. */
export function noticeOf(metadata: Fields): Notice {
  const parts = list(metadata.segments).map((part) => ({ part, segments: segmentOf(part) }))
  const segments = parts.flatMap((one) => one.segments)
  const names = Object.keys(metadata).filter((name) => !['segments', 'people', 'persons'].includes(name))
  const rank = (name: string): number => (KNOWN.includes(name) ? KNOWN.indexOf(name) : KNOWN.length)
  const facts = names
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => ({ name, text: textOf(metadata[name]), address: addressOf(metadata[name]) }))
    .filter((fact) => fact.text)
  const inParts = parts.flatMap(({ part, segments }) => (segments.length ? namedIn(part as Fields) : []))
  return {
    facts,
    people: once([...namedIn(metadata), ...inParts]),
    segments: segments.sort((a, b) => a.start - b.start),
  }
}

function segmentOf(value: unknown): Segment[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Fields
  const start = numberOf(fields, STARTS)
  if (start === null) return []
  const title = textOf(fields.title ?? fields.name ?? fields.label ?? fields.description)
  const people = once(namedIn(fields)).map((one) => one.name)
  return [{ start, end: numberOf(fields, ENDS), title, address: addressOf(fields.uri), people }]
}

function namedIn(fields: Fields): Named[] {
  return list(fields.people ?? fields.persons)
    .map((one) => (typeof one === 'object' && one !== null ? (one as Fields) : { name: one }))
    .map((one) => ({ name: textOf(one.name), address: addressOf(one.uri), role: textOf(one.role) }))
    .filter((one) => one.name)
}

function once(all: readonly Named[]): Named[] {
  const found = new Map<string, Named>()
  for (const one of all) {
    const known = found.get(nameKey(one.name))
    const more = { address: known?.address ?? one.address, role: known?.role || one.role }
    found.set(nameKey(one.name), { ...(known ?? one), ...more })
  }
  return [...found.values()]
}

/** What of a person is known by which a notice may mean them. */
export interface Known {
  person_id: string
  name: string
  aliases: readonly string[]
  uri: string | null
}

/** Whom of the people of a project a notice means: by the address in a knowledge graph, else by any of their names. */
export function meantBy(named: Named, people: readonly Known[]): string | null {
  const byAddress = people.find((one) => isSameAddress(named.address, one.uri))
  if (byAddress) return byAddress.person_id
  const key = nameKey(named.name)
  const alike = people.filter(
    // Two of one name whom a graph tells apart are two.
    (one) => !(named.address && one.uri) && [one.name, ...one.aliases].some((name) => nameKey(name) === key),
  )
  // Where several people could be meant, nobody is.
  return alike.length === 1 ? alike[0]!.person_id : null
}

/** Graphs are older than the habit of https. */
function isSameAddress(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one.replace(/^https:/i, 'http:') === other.replace(/^https:/i, 'http:')
}

function numberOf(fields: Fields, names: readonly string[]): number | null {
  for (const name of names) {
    const found = Number(fields[name] ?? NaN)
    if (Number.isFinite(found) && found >= 0) return found
  }
  return null
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(', ')
  return ''
}

/** Only what a browser may be sent to. */
function addressOf(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\/\S+$/i.test(value.trim()) ? value.trim() : null
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
