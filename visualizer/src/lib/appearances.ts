/** Appearances as the page shows them: lanes, order, and what a decision makes of them before the server has answered. */

import { Stretches } from './timeline'

/** What the page needs of an appearance; the fields are those of the record. */
export interface Seen {
  analysis_id: string
  track_id: number
  name: string
  person_id: string | null
  unknown_id: number | null
  start_npt: number
  end_npt: number
  confidence: number
  merged_tracks: number[]
  best_npt: number
  source: string
  accepted: boolean
  candidates: { name: string; score: number; confidence: number; person_id?: string | null }[]
}

export type Kind = 'person' | 'unknown'

/** One appearance, with all that is asked again and again for each frame. */
export interface Entry {
  key: string
  lane: string
  kind: Kind
  start: number
  end: number
  seen: Seen
}

/** One line of the timeline: a person, or an unknown one. */
export interface Lane {
  key: string
  kind: Kind
  name: string
  personId: string | null
  unknownId: number | null
  seconds: number
  first: number
  entries: Entry[]
}

/** Stands for whom a track shows that was found by an analysis which is still under way: nobody was asked yet. */
export const PENDING = 0

/** A track of an analysis under way, as if it were an appearance. */
export function pending(track: {
  analysis_id: string
  track_id: number
  start_npt: number
  end_npt: number
  best_npt: number
}): Seen {
  const { analysis_id, track_id, start_npt, end_npt, best_npt } = track
  const times = { analysis_id, track_id, start_npt, end_npt, best_npt }
  const nobody = { name: '', person_id: null, unknown_id: PENDING, confidence: 1, source: 'machine', accepted: false }
  return { ...times, ...nobody, merged_tracks: [track_id], candidates: [] }
}

/** A track of which nobody was asked whom it shows, and never will be by itself. */
export function untold(track: Parameters<typeof pending>[0]): Seen {
  return { ...pending(track), unknown_id: null }
}

/** Whether somebody said of a stretch of time who is there, and no track shows it. */
export function isSaid(entry: Entry): boolean {
  return entry.seen.track_id < 0
}

/** Whether nobody can say anything of it yet. */
export function isPending(entry: Entry): boolean {
  return entry.seen.unknown_id === PENDING
}

/** Pieces of a track that was split are numbered in steps of this: the samples are those of the whole track. */
const PIECE = 1_000_000

export function wholeTrack(trackId: number): number {
  return trackId % PIECE
}

/** What a track is called in addresses. */
export function trackName(seen: Pick<Seen, 'analysis_id' | 'track_id'>, trackId = seen.track_id): string {
  return `${seen.analysis_id}-${trackId}`
}

/** Who is seen, as one word: all appearances of somebody share it. */
export function laneKey(seen: Pick<Seen, 'person_id' | 'unknown_id' | 'track_id'>): string {
  if (seen.person_id !== null) return `p:${seen.person_id}`
  return seen.unknown_id === null ? `t:${seen.track_id}` : `u:${seen.unknown_id}`
}

export function entryOf(seen: Seen): Entry {
  return {
    key: String(seen.track_id),
    lane: laneKey(seen),
    kind: seen.person_id === null ? 'unknown' : 'person',
    start: seen.start_npt,
    end: seen.end_npt,
    seen,
  }
}

/** Times at which people cut tracks, by the number of the whole track. */
export type Cuts = ReadonlyMap<number, readonly number[]>

/**
 * The appearances of a record. Pieces of a track that was cut, and that are one person's again by the model's word, are shown apart:
 * whoever cut it wants to say something of one of them.
 */
export function entriesOf(seen: Seen, cuts: Cuts): Entry[] {
  const whole = wholeTrack(seen.track_id)
  const times = cuts.get(whole)
  const isOneTrack = seen.merged_tracks.length > 1 && seen.merged_tracks.every((id) => wholeTrack(id) === whole)
  if (!times || !isOneTrack) return [entryOf(seen)]
  const edges = [-Infinity, ...times, Infinity]
  return [...seen.merged_tracks]
    .sort((a, b) => a - b)
    .map((track_id) => {
      const number = Math.floor(track_id / PIECE)
      return entryOf({
        ...seen,
        track_id,
        merged_tracks: [track_id],
        start_npt: Math.max(seen.start_npt, edges[number] ?? -Infinity),
        end_npt: Math.min(seen.end_npt, edges[number + 1] ?? Infinity),
      })
    })
}

export const ORDERS = ['seconds', 'first', 'name', 'hand'] as const
export type Order = (typeof ORDERS)[number]

/**
 * Put appearances into lanes. Named people come first; then whoever is seen longest, or first.
 *
 * @param hand Keys of lanes in the order that somebody gave them; those that are not among them follow as in `seconds`.
 */
export function lanesOf(entries: readonly Entry[], order: Order, hand: readonly string[] = []): Lane[] {
  const lanes = new Map<string, Lane>()
  for (const entry of [...entries].sort((a, b) => a.start - b.start)) {
    const { seen } = entry
    let lane = lanes.get(entry.lane)
    if (!lane) {
      lane = {
        key: entry.lane,
        kind: entry.kind,
        name: seen.name,
        personId: seen.person_id,
        unknownId: seen.unknown_id,
        seconds: 0,
        first: entry.start,
        entries: [],
      }
      lanes.set(entry.lane, lane)
    }
    lane.seconds += entry.end - entry.start
    lane.entries.push(entry)
  }
  const longest = (l: Lane): number => -l.seconds
  const by = { seconds: longest, first: (l: Lane) => l.first, name: () => 0, hand: longest }[order]
  const places = new Map(order === 'hand' ? hand.map((key, place) => [key, place]) : [])
  const place = (l: Lane): number => places.get(l.key) ?? places.size
  return [...lanes.values()].sort(
    (a, b) =>
      place(a) - place(b) ||
      Number(a.kind === 'unknown') - Number(b.kind === 'unknown') ||
      by(a) - by(b) ||
      collator.compare(a.name, b.name),
  )
}

/** The keys with one of them moved to where another stands, or to the end. */
export function movedTo(keys: readonly string[], key: string, to: number): string[] {
  const rest = keys.filter((one) => one !== key)
  const place = Math.min(Math.max(to, 0), rest.length)
  return [...rest.slice(0, place), key, ...rest.slice(place)]
}

const collator = new Intl.Collator(undefined, { numeric: true })

/** Human decisions hold whatever the line says. */
export function isLow(entry: Entry, line: number): boolean {
  return entry.seen.source !== 'human' && entry.seen.confidence < line
}

export interface Shown {
  people: boolean
  unknown: boolean
  low: boolean
}

export function isShown(entry: Entry, line: number, shown: Shown): boolean {
  return (entry.kind === 'person' ? shown.people : shown.unknown) && (shown.low || !isLow(entry, line))
}

/** The appearance that began before a time or begins then or later; from one of them, the one beside it in that order. */
export function neighbour(entries: readonly Entry[], npt: number, from: Entry | null, step: 1 | -1): Entry | null {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.seen.track_id - b.seen.track_id)
  const at = from ? sorted.findIndex((one) => one.key === from.key) : -1
  if (at >= 0) return sorted[at + step] ?? null
  const after = sorted.findIndex((one) => one.start >= npt - 1e-3)
  return sorted[step === 1 ? after : (after < 0 ? sorted.length : after) - 1] ?? null
}

const SURE = 0.9

/** Whether somebody ought to look: nobody has decided, and the model does not know or is not sure. */
export function isDoubtful(entry: Entry): boolean {
  return (
    entry.seen.source !== 'human' && !isPending(entry) && (entry.kind === 'unknown' || entry.seen.confidence < SURE)
  )
}

/** The next one worth a look, in order of time and round again; null when there is none but this one. */
export function nextDoubtful(entries: readonly Entry[], after: Entry, said: Said): Entry | null {
  const isSaid = (one: Entry): boolean =>
    one.key === after.key || (said.verb === 'is' && said.unknownId !== undefined && one.lane === after.lane)
  const open = entries.filter((one) => isDoubtful(one) && !isSaid(one)).sort((a, b) => a.start - b.start)
  return open.find((one) => one.start >= after.start) ?? open[0] ?? null
}

/** The appearance that a track belongs to: one that was merged is found by any of its tracks. */
export function entryOfTrack(entries: readonly Entry[], track: string | null): Entry | null {
  if (track === null) return null
  return (
    entries.find((one) => one.key === track) ??
    entries.find((one) => one.seen.merged_tracks.includes(Number(track))) ??
    null
  )
}

export function stretchesOf(entries: readonly Entry[]): Stretches<Entry> {
  return new Stretches(entries)
}

/** What somebody says of a track. */
export type Said =
  | { verb: 'is'; name: string; personId: string | null; unknownId?: number }
  | { verb: 'is_not'; name: string }
  | { verb: 'unknown' }
  | { verb: 'ignore' }
  | { verb: 'split'; npt: number; track: number }
  | { verb: 'merge'; other: number }
  | { verb: 'same'; other: number }

/**
 * What appearances will look like after a decision, as well as the page can know.
 *
 * Who a face without a name is taken for, and how far the pieces of a track reach, only the server knows: it is asked again in a moment.
 */
export function expected(all: readonly Seen[], trackId: number, said: Said): Seen[] {
  const target = all.find((one) => one.track_id === trackId)
  if (!target) return [...all]
  switch (said.verb) {
    case 'is': {
      const named = {
        name: said.name,
        person_id: said.personId ?? said.name,
        unknown_id: null,
        source: 'human',
        accepted: true,
        confidence: 1,
      }
      const same = (one: Seen): boolean =>
        one === target || (said.unknownId !== undefined && one.unknown_id === said.unknownId)
      return all.map((one) => (same(one) ? { ...one, ...named } : one))
    }
    case 'is_not':
      if (target.name !== said.name) return [...all]
      return all.map((one) => (one === target ? { ...one, ...nobody(target) } : one))
    case 'unknown':
      return all.map((one) => (one === target ? { ...one, ...nobody(target), source: 'human' } : one))
    case 'ignore':
      return all.filter((one) => one !== target)
    case 'split':
      if (said.npt <= target.start_npt || said.npt >= target.end_npt) return [...all]
      return all.flatMap((one) =>
        one === target
          ? [
              { ...one, end_npt: said.npt },
              { ...one, track_id: one.track_id + PIECE, start_npt: said.npt },
            ]
          : [one],
      )
    case 'same': {
      const other = all.find((one) => one.track_id === said.other)
      if (!other || other === target) return [...all]
      // Who has a name lends it; of two without one both become the one that was chosen.
      const [from, to] = other.person_id === null && target.person_id !== null ? [other, target] : [target, other]
      const { name, person_id, unknown_id, accepted } = to
      return all.map((one) =>
        laneKey(one) === laneKey(from) ? { ...one, name, person_id, unknown_id, accepted } : one,
      )
    }
    case 'merge': {
      const other = all.find((one) => one.track_id === said.other)
      if (!other || other === target) return [...all]
      const both = {
        ...target,
        start_npt: Math.min(target.start_npt, other.start_npt),
        end_npt: Math.max(target.end_npt, other.end_npt),
        merged_tracks: [...target.merged_tracks, ...other.merged_tracks],
      }
      return all.filter((one) => one !== other).map((one) => (one === target ? both : one))
    }
  }
}

let said = 0

/** What the page shows of somebody who was said to be there until the server has answered. */
export function shown(interval: { start: number; end: number }, name: string, personId: string | null): Seen {
  return {
    analysis_id: '',
    // The server counts these down from -1; these stand apart from all of them.
    track_id: -1_000_000 - ++said,
    name,
    person_id: personId ?? name,
    unknown_id: null,
    start_npt: interval.start,
    end_npt: interval.end,
    confidence: 1,
    merged_tracks: [],
    best_npt: interval.start,
    source: 'human',
    accepted: true,
    candidates: [],
  }
}

function nobody(seen: Seen): Partial<Seen> {
  return { name: '', person_id: null, unknown_id: seen.unknown_id, accepted: false }
}
