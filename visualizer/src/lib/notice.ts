/** What a catalogue says of a programme, read from metadata that differ from archive to archive. */

export interface Segment {
  start: number
  end: number | null
  title: string
  people: string[]
}

export interface Notice {
  /** Facts in the order in which they stand, those that are well known first. */
  facts: { name: string; text: string; address: string | null }[]
  people: string[]
  segments: Segment[]
}

type Fields = Readonly<Record<string, unknown>>

const KNOWN = ['programme', 'channel', 'collection', 'broadcast', 'summary', 'description', 'notice', 'media']
const STARTS = ['start_npt', 'start', 'begin', 'from']
const ENDS = ['end_npt', 'end', 'to']

/** Read the metadata of a video. What has no form that can be shown is left out. */
export function noticeOf(metadata: Fields): Notice {
  const segments = list(metadata.segments).flatMap(segmentOf)
  const names = Object.keys(metadata).filter((name) => !['segments', 'people', 'persons'].includes(name))
  const rank = (name: string): number => (KNOWN.includes(name) ? KNOWN.indexOf(name) : KNOWN.length)
  const facts = names
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => ({ name, text: textOf(metadata[name]), address: addressOf(metadata[name]) }))
    .filter((fact) => fact.text)
  const people = peopleOf(metadata.people ?? metadata.persons)
  return {
    facts,
    people: [...new Set([...people, ...segments.flatMap((segment) => segment.people)])],
    segments: segments.sort((a, b) => a.start - b.start),
  }
}

function segmentOf(value: unknown): Segment[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Fields
  const start = numberOf(fields, STARTS)
  if (start === null) return []
  const title = textOf(fields.title ?? fields.name ?? fields.label ?? fields.description)
  return [{ start, end: numberOf(fields, ENDS), title, people: peopleOf(fields.people ?? fields.persons) }]
}

function peopleOf(value: unknown): string[] {
  return list(value)
    .map((one) => textOf(typeof one === 'object' && one !== null ? (one as Fields).name : one))
    .filter(Boolean)
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
