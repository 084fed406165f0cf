import { type Entry, entryOf } from './appearances'
import { type Column, sorted } from './sorting'

const entry = (
  track_id: number,
  name: string,
  start_npt: number,
  end_npt: number,
  confidence: number,
  source = 'machine',
) =>
  entryOf({
    analysis_id: 'a',
    track_id,
    name,
    person_id: name,
    unknown_id: null,
    start_npt,
    end_npt,
    confidence,
    merged_tracks: [track_id],
    best_npt: start_npt,
    source,
    accepted: true,
    candidates: [],
  })
const all = [entry(1, 'Unknown 10', 5, 6, 0.3), entry(2, 'Unknown 9', 0, 9, 0.9), entry(3, 'Ann', 5, 8, 0.1, 'human')]
const label = (one: Entry): string => one.seen.name

describe('appearances in order', () => {
  it.each([
    ['start', false, '213'],
    ['start', true, '132'],
    ['length', true, '231'],
    ['who', false, '321'],
    ['sure', false, '123'],
    ['sure', true, '321'],
  ] as [Column, boolean, string][])('by %s, down %s', (by, down, keys) => {
    expect(
      sorted(all, by, down, label)
        .map((one) => one.key)
        .join(''),
    ).toBe(keys)
  })
})
