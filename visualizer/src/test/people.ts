/** Appearances to show in tests. */

import { type Entry, entryOf, type Lane, lanesOf, type Seen } from '@/lib/appearances'

export function seen(track_id: number, more: Partial<Seen> = {}): Seen {
  return {
    analysis_id: 'a',
    track_id,
    name: 'Ann Ace',
    person_id: 'Ann_Ace',
    unknown_id: null,
    start_npt: track_id,
    end_npt: track_id + 2,
    confidence: 0.9,
    merged_tracks: [track_id],
    best_npt: track_id,
    source: 'machine',
    accepted: true,
    candidates: [],
    ...more,
  }
}

export const unknown = (id: number): Partial<Seen> => ({
  name: `Unknown ${id}`,
  person_id: null,
  unknown_id: id,
  accepted: false,
})

export function lanes(...all: Seen[]): Lane[] {
  return lanesOf(all.map(entryOf), 'seconds')
}

export const label = (entry: Entry): string => entry.seen.name
