import { entryOf, type Seen, stretchesOf } from './appearances'
import type { Series } from './boxes'
import { markAt, marksAt, type Scene } from './overlay'

function seen(track_id: number, start_npt: number, end_npt: number, more: Partial<Seen> = {}): Seen {
  const base = {
    analysis_id: 'a',
    name: 'Ann',
    person_id: 'Ann',
    unknown_id: null,
    confidence: 0.9,
    best_npt: start_npt,
  }
  return {
    ...base,
    track_id,
    start_npt,
    end_npt,
    merged_tracks: [track_id],
    source: 'machine',
    accepted: true,
    candidates: [],
    ...more,
  }
}

/** Seen twice a second, going right by 10 px each time. */
function series(start: number, n: number, size = 50): Series {
  return {
    npt: Float64Array.from({ length: n }, (_, row) => start + row / 2),
    boxes: Float32Array.from(Array.from({ length: n }, (_, row) => [row * 10, 0, size, size]).flat()),
  }
}

const samples = new Map([
  [1, series(0.5, 4)],
  [2, series(4, 3, 20)],
  [3, series(0, 9, 20)],
])

function scene(all: Seen[], more: Partial<Scene> = {}): Scene {
  return {
    stretches: stretchesOf(all.map(entryOf)),
    series: (track) => samples.get(track),
    colour: () => '#ffffff',
    label: (entry) => entry.seen.name,
    line: 0.5,
    shown: { people: true, unknown: true, low: true },
    selected: null,
    ...more,
  }
}

describe('marksAt', () => {
  it('moves a box between the samples', () => {
    expect(marksAt(scene([seen(1, 0, 3)]), 0.75)[0]).toMatchObject({ box: { x: 5, w: 50 }, exact: true, line: 'solid' })
  })

  it('shows the first and the last box to the ends of the appearance, and not in the next shot', () => {
    const here = scene([seen(1, 0, 3)])
    expect(marksAt(here, 0.1)[0]).toMatchObject({ box: { x: 0 }, exact: false })
    expect(marksAt(here, 2.96)[0]).toMatchObject({ box: { x: 30 }, exact: false })
    expect(marksAt(here, 3)).toEqual([])
  })

  it('begins with the first frame of an appearance', () => {
    expect(marksAt(scene([seen(1, 0.5, 3)]), 0.5)).toHaveLength(1)
    expect(marksAt(scene([seen(1, 0.5, 3)]), 0.46)).toEqual([])
  })

  it('takes the box from whichever merged track is seen then', () => {
    const here = scene([seen(1, 0, 6, { merged_tracks: [1, 2] })])
    expect(marksAt(here, 1)[0]!.box.w).toBe(50)
    expect(marksAt(here, 4.5)[0]!.box.w).toBe(20)
  })

  it('takes the samples of a piece from the whole track', () => {
    expect(marksAt(scene([seen(1_000_001, 1, 3, { merged_tracks: [1_000_001] })]), 1)[0]!.box.x).toBe(10)
  })

  it.each([
    [{ confidence: 0.4 }, 'dotted'],
    [{ confidence: 0.4, source: 'human' }, 'solid'],
    [{ person_id: null, unknown_id: 3 }, 'dashed'],
  ])('draws %o %s', (more, line) => {
    expect(marksAt(scene([seen(1, 0, 3, more)]), 1)[0]!.line).toBe(line)
  })

  it('obeys the switches, but for what is selected', () => {
    const off = { shown: { people: false, unknown: true, low: true } }
    expect(marksAt(scene([seen(1, 0, 3)], off), 1)).toEqual([])
    expect(marksAt(scene([seen(1, 0, 3)], { ...off, selected: '1' }), 1)).toHaveLength(1)
  })

  it('shows nothing while samples are not loaded', () => {
    expect(marksAt(scene([seen(9, 0, 3)]), 1)).toEqual([])
  })
})

describe('markAt', () => {
  it('finds the smaller one of two faces', () => {
    const marks = marksAt(scene([seen(1, 0, 3), seen(3, 0, 3)]), 0.5)
    expect(markAt(marks, 12, 5)!.entry.key).toBe('3')
    expect(markAt(marks, 45, 45)!.entry.key).toBe('1')
    expect(markAt(marks, 300, 5)).toBeNull()
  })
})
