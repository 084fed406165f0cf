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
  candidates: { name: string; score: number; confidence: number }[]
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

export type Order = 'seconds' | 'first' | 'name'

/** Put appearances into lanes. Named people come first; then whoever is seen longest, or first. */
export function lanesOf(entries: readonly Entry[], order: Order): Lane[] {
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
  const by = { seconds: (l: Lane) => -l.seconds, first: (l: Lane) => l.first, name: () => 0 }[order]
  return [...lanes.values()].sort(
    (a, b) =>
      Number(a.kind === 'unknown') - Number(b.kind === 'unknown') || by(a) - by(b) || collator.compare(a.name, b.name),
  )
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

/** The appearance before or after a time, or after another one that begins at the same time. */
export function neighbour(entries: readonly Entry[], npt: number, from: Entry | null, step: 1 | -1): Entry | null {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.seen.track_id - b.seen.track_id)
  const at = from ? sorted.findIndex((one) => one.key === from.key) : -1
  if (at >= 0) return sorted[at + step] ?? null
  const after = sorted.findIndex((one) => one.start > npt)
  return sorted[step === 1 ? after : (after < 0 ? sorted.length : after) - 1] ?? null
}

/** The next one worth a look: the least sure of those after it, and then of those before it, that nobody has decided about. */
export function nextDoubtful(entries: readonly Entry[], after: Entry): Entry | null {
  const open = entries.filter((one) => one.seen.source !== 'human' && one.key !== after.key)
  const sorted = [...open].sort((a, b) => a.start - b.start)
  return sorted.find((one) => one.start >= after.start) ?? sorted[0] ?? null
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
  | { verb: 'split'; npt: number }
  | { verb: 'merge'; other: number }

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

function nobody(seen: Seen): Partial<Seen> {
  return { name: '', person_id: null, unknown_id: seen.unknown_id, accepted: false }
}
