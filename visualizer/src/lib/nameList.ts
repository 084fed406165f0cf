/** A pasted list of names, understood line by line: plain names, `Name<TAB>address`, or a table with a heading. */

import { displayName, faultOf, folderName, type NameFault } from './folderNames'

export interface PictureAddress {
  name: string
  url: string
  page: string
  licence: string
}

/** Somebody of the list; `isKnown` where the project has them already: they get what is missing. */
export interface ListedPerson {
  id: string
  name: string
  uri: string
  isKnown: boolean
}

/** What became of a line. `more`: another address for somebody named above. `address`: what follows the name is none. */
export type LineState = 'new' | 'known' | 'more' | 'duplicate' | 'invalid' | 'address' | 'heading'

export interface Line {
  number: number
  text: string
  state: LineState
  name: string
  /** What its address was taken for. */
  gives: 'uri' | 'picture' | ''
  fault: NameFault | 'nameless' | null
}

export interface NameList {
  lines: Line[]
  people: ListedPerson[]
  addresses: PictureAddress[]
}

interface Cells {
  name: string
  uri: string
  url: string
  page: string
  licence: string
  isOdd: boolean
}

type Column = 'name' | 'uri' | 'url' | 'page' | 'licence'

const COLUMNS: Record<Column, readonly string[]> = {
  name: ['name', 'person', 'keyword', 'nom', 'personne'],
  uri: ['uri', 'wikidata', 'entity', 'link', 'lien', 'kg'],
  url: ['url', 'address', 'image', 'image_url', 'photo', 'adresse'],
  page: ['page', 'page_url', 'source'],
  licence: ['licence', 'license'],
}

/** Addresses there name somebody and are no picture. */
const GRAPHS =
  /^(?:[\w-]+\.)*(?:wikidata|dbpedia|viaf|isni|d-nb|orcid|wikipedia|idref|yago-knowledge)\.(?:org|info|fr)$/i
const GRAPH_PATHS = /^(?:data\.bnf\.fr|id\.loc\.gov|catalogue\.bnf\.fr)$/i

/** Understand a list. `known` are the ids of those whom the project has. */
export function understood(text: string, known: ReadonlySet<string>): NameList {
  const list: NameList = { lines: [], people: [], addresses: [] }
  const people = new Map<string, ListedPerson>()
  let columns: (Column | null)[] | null = null
  for (const [at, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = raw.replace(/^\uFEFF/, '').trim()
    if (!line || line.startsWith('#')) continue
    if (!list.lines.length) columns = headingOf(line)
    if (columns && !list.lines.length) {
      list.lines.push({ number: at + 1, text: line, state: 'heading', name: '', gives: '', fault: null })
      continue
    }
    const entries = columns ? [byHeading(line, columns)] : plain(line)
    for (const cells of entries) list.lines.push(taken(list, people, known, cells, at + 1, line))
  }
  list.people = [...people.values()]
  return list
}

/** How many lines there are of each kind. */
export function counted(lines: readonly Line[]): Record<LineState, number> {
  const counts = { new: 0, known: 0, more: 0, duplicate: 0, invalid: 0, address: 0, heading: 0 }
  for (const line of lines) counts[line.state]++
  return counts
}

function taken(
  list: NameList,
  people: Map<string, ListedPerson>,
  known: ReadonlySet<string>,
  cells: Cells,
  number: number,
  text: string,
): Line {
  const line = { number, text, name: cells.name, gives: '' as Line['gives'] }
  const fault = isAddress(cells.name) ? 'nameless' : faultOf(cells.name)
  if (fault) return { ...line, state: 'invalid', fault }
  if (cells.isOdd) return { ...line, state: 'address', fault: null }
  const id = folderName(cells.name)
  const before = people.get(id)
  const person = before ?? { id, name: displayName(id), uri: '', isKnown: known.has(id) }
  people.set(id, person)
  if (cells.url) list.addresses.push({ name: person.name, url: cells.url, page: cells.page, licence: cells.licence })
  const isNews = cells.url !== '' || (cells.uri !== '' && person.uri === '')
  person.uri ||= cells.uri
  const state = before ? (isNews ? 'more' : 'duplicate') : person.isKnown ? 'known' : 'new'
  return { ...line, state, gives: cells.url ? 'picture' : cells.uri ? 'uri' : '', fault: null }
}

/** The columns that a first line names; null where it is no heading. */
function headingOf(line: string): (Column | null)[] | null {
  const cells = split(line, separatorOf(line)).map((cell) => cell.toLowerCase())
  const columns = cells.map(
    (cell) => (Object.keys(COLUMNS) as Column[]).find((one) => COLUMNS[one].includes(cell)) ?? null,
  )
  return columns.includes('name') && (cells.length === 1 || columns.filter(Boolean).length > 1) ? columns : null
}

function byHeading(line: string, columns: (Column | null)[]): Cells {
  const found = { name: '', uri: '', url: '', page: '', licence: '' }
  for (const [at, cell] of split(line, separatorOf(line)).entries()) {
    const column = columns[at]
    if (column && !found[column]) found[column] = cell
  }
  const isOdd = [found.url, found.page].some((cell) => cell !== '' && !isAddress(cell)) || !isUri(found.uri)
  return { ...found, isOdd }
}

/** A line without a heading: a name, a name with addresses after it, or several names between semicolons. */
function plain(line: string): Cells[] {
  const separator = separatorOf(line)
  const cells = separator ? split(line, separator) : [line]
  const rest = cells.slice(1).filter(Boolean)
  if (rest.length && (separator === '\t' || rest.some(isAddress))) return [withAddresses(cells[0]!, rest)]
  if (separator === ';') return cells.filter(Boolean).map((name) => withAddresses(name, []))
  // `Churchill, Winston` is one name.
  return [withAddresses(separator === '\t' ? cells[0]! : unquoted(line), [])]
}

function withAddresses(name: string, rest: string[]): Cells {
  const found: Cells = { name, uri: '', url: '', page: '', licence: '', isOdd: false }
  for (const cell of rest) {
    if (!isAddress(cell)) found.isOdd = true
    else if (isGraph(cell)) found.uri ||= cell
    else if (!found.url) found.url = cell
    else found.page ||= cell
  }
  return found
}

function separatorOf(line: string): string {
  return ['\t', ';', ','].find((one) => line.includes(one)) ?? ''
}

/** The cells of a line; what stands in quotes keeps its separators. */
function split(line: string, separator: string): string[] {
  if (!separator) return [unquoted(line)]
  const cells = ['']
  let isQuoted = false
  for (let at = 0; at < line.length; at++) {
    const sign = line[at]!
    if (sign === '"' && isQuoted && line[at + 1] === '"') cells[cells.length - 1] += line[++at]!
    else if (sign === '"' && (isQuoted || cells.at(-1)!.trim() === '')) isQuoted = !isQuoted
    else if (sign === separator && !isQuoted) cells.push('')
    else cells[cells.length - 1] += sign
  }
  return cells.map((cell) => cell.trim())
}

function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1).trim() : text
}

function isAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]+\S*$/i.test(text)
}

function isUri(text: string): boolean {
  return text === '' || isAddress(text) || /^urn:\S+$/.test(text)
}

function isGraph(address: string): boolean {
  try {
    const { hostname } = new URL(address)
    return GRAPHS.test(hostname) || GRAPH_PATHS.test(hostname)
  } catch {
    return false
  }
}
