import {
  entriesOf,
  entryOf,
  entryOfTrack,
  expected,
  isLow,
  isShown,
  isPending,
  isSaid,
  lanesOf,
  movedTo,
  nextDoubtful,
  neighbour,
  pending,
  type Seen,
  shown,
  wholeTrack,
} from './appearances'

function seen(track_id: number, start_npt: number, end_npt: number, more: Partial<Seen> = {}): Seen {
  return {
    analysis_id: 'a',
    track_id,
    name: 'Ann',
    person_id: 'Ann',
    unknown_id: null,
    start_npt,
    end_npt,
    confidence: 0.9,
    merged_tracks: [track_id],
    best_npt: start_npt,
    source: 'machine',
    accepted: true,
    candidates: [],
    ...more,
  }
}

const unknown = (id: number) => ({ name: `Unknown ${id}`, person_id: null, unknown_id: id, accepted: false })
const ben = { name: 'Ben', person_id: 'Ben' }
const all = [seen(1, 0, 2), seen(2, 1, 9, ben), seen(3, 5, 6), seen(4, 3, 30, unknown(7)), seen(5, 40, 41, unknown(7))]
const entries = all.map(entryOf)

describe('lanesOf', () => {
  it.each([
    ['seconds', ['Ben', 'Ann', 'Unknown 7']],
    ['first', ['Ann', 'Ben', 'Unknown 7']],
    ['name', ['Ann', 'Ben', 'Unknown 7']],
  ] as const)('by %s, those without a name last', (order, names) => {
    expect(lanesOf(entries, order).map((lane) => lane.name)).toEqual(names)
  })

  it('by hand, those that nobody has placed last', () => {
    const hand = ['u:7', 'gone', 'p:Ann']
    expect(lanesOf(entries, 'hand', hand).map((lane) => lane.name)).toEqual(['Unknown 7', 'Ann', 'Ben'])
    expect(lanesOf(entries, 'hand').map((lane) => lane.name)).toEqual(['Ben', 'Ann', 'Unknown 7'])
    expect(lanesOf(entries, 'seconds', hand)[0]!.name).toBe('Ben')
  })

  it.each([
    ['c', 0, 'cabd'],
    ['a', 2, 'bcad'],
    ['b', 99, 'acdb'],
    ['d', -5, 'dabc'],
  ])('%s moved to place %s', (key, to, found) => {
    expect(movedTo([...'abcd'], key, to).join('')).toBe(found)
  })

  it('adds up the seconds of each', () => {
    expect(lanesOf(entries, 'name').map((lane) => lane.seconds)).toEqual([3, 8, 28])
  })
})

describe('the line of confidence', () => {
  const doubtful = entryOf(seen(1, 0, 1, { confidence: 0.4 }))
  const confirmed = entryOf(seen(1, 0, 1, { confidence: 0.4, source: 'human' }))

  it('is for what the model says, not for what people say', () => {
    expect([isLow(doubtful, 0.5), isLow(doubtful, 0.4), isLow(confirmed, 0.5)]).toEqual([true, false, false])
  })

  it('and switches decide what is shown', () => {
    const shown = { people: true, unknown: false, low: false }
    expect(isShown(doubtful, 0.5, shown)).toBe(false)
    expect(isShown(doubtful, 0.5, { ...shown, low: true })).toBe(true)
    expect(isShown(confirmed, 0.5, shown)).toBe(true)
    expect(isShown(entries[3]!, 0, shown)).toBe(false)
  })
})

describe('neighbour', () => {
  it.each([
    [0, null, 1, 1],
    [0.5, null, 1, 2],
    [0.5, null, -1, 1],
    [99, null, -1, 5],
    [99, null, 1, undefined],
    [0, entries[1]!, 1, 4],
    [0, entries[0]!, -1, undefined],
  ] as const)('of %s s', (npt, from, step, track) => {
    expect(neighbour(entries, npt, from, step)?.seen.track_id).toBe(track)
  })
})

describe('nextDoubtful', () => {
  it('goes on in time, passes over what is sure or decided, and begins again', () => {
    const some = [
      seen(1, 0, 1, { confidence: 0.6 }),
      seen(2, 1, 2, { confidence: 0.6, source: 'human' }),
      seen(3, 2, 3),
      seen(4, 3, 4, unknown(2)),
    ].map(entryOf)
    const no = { verb: 'ignore' } as const
    expect(nextDoubtful(some, some[0]!, no)?.key).toBe('4')
    expect(nextDoubtful(some, some[3]!, no)?.key).toBe('1')
    expect(nextDoubtful([some[0]!], some[0]!, no)).toBeNull()
  })

  it('passes over those who are named by the same word', () => {
    const some = [seen(1, 0, 1, unknown(2)), seen(2, 1, 2, unknown(2)), seen(3, 2, 3, unknown(5))].map(entryOf)
    const is = { verb: 'is', name: 'Dora', personId: null } as const
    expect(nextDoubtful(some, some[0]!, { ...is, unknownId: 2 })?.key).toBe('3')
    expect(nextDoubtful(some, some[0]!, is)?.key).toBe('2')
  })
})

describe('entriesOf', () => {
  const cut = seen(5, 2, 9, { merged_tracks: [1_000_005, 5] })

  it('shows the pieces of a track that was cut apart', () => {
    const found = entriesOf(cut, new Map([[5, [4]]]))
    expect(found.map((one) => [one.key, one.start, one.end])).toEqual([
      ['5', 2, 4],
      ['1000005', 4, 9],
    ])
    expect(found[1]!.seen.merged_tracks).toEqual([1_000_005])
  })

  it('leaves together what was merged of several tracks, or whose cuts are not known', () => {
    expect(entriesOf(seen(5, 2, 9, { merged_tracks: [5, 6] }), new Map([[5, [4]]]))).toHaveLength(1)
    expect(entriesOf(cut, new Map())).toHaveLength(1)
    expect(entriesOf(seen(5, 2, 4), new Map([[5, [4]]]))).toHaveLength(1)
  })
})

describe('entryOfTrack', () => {
  it('finds a track that was merged into another one', () => {
    const some = [seen(1, 0, 1, { merged_tracks: [1, 9] }), seen(2, 0, 1)].map(entryOf)
    expect(['2', '9', '7', null].map((track) => entryOfTrack(some, track)?.key)).toEqual([
      '2',
      '1',
      undefined,
      undefined,
    ])
  })
})

describe('expected', () => {
  const of = (list: Seen[], track: number): Seen => list.find((one) => one.track_id === track)!

  it('names a track', () => {
    const after = expected(all, 4, { verb: 'is', name: 'Dora', personId: null })
    expect(of(after, 4)).toMatchObject({ name: 'Dora', source: 'human', accepted: true, unknown_id: null })
    expect(of(after, 5)).toBe(all[4])
  })

  it('names an unknown person everywhere', () => {
    const after = expected(all, 4, { verb: 'is', name: 'Dora', personId: 'Dora', unknownId: 7 })
    expect(after.filter((one) => one.person_id === 'Dora').map((one) => one.track_id)).toEqual([4, 5])
  })

  it('takes a name away, if it is that one', () => {
    expect(of(expected(all, 2, { verb: 'is_not', name: 'Ben' }), 2)).toMatchObject({ person_id: null, accepted: false })
    expect(expected(all, 2, { verb: 'is_not', name: 'Ann' })).toEqual(all)
  })

  it('hides what is no face', () => {
    expect(expected(all, 2, { verb: 'ignore' }).map((one) => one.track_id)).toEqual([1, 3, 4, 5])
  })

  it('splits a track inside it only', () => {
    const after = expected(all, 2, { verb: 'split', npt: 4, track: 2 })
    expect(after.filter((one) => wholeTrack(one.track_id) === 2).map((one) => [one.start_npt, one.end_npt])).toEqual([
      [1, 4],
      [4, 9],
    ])
    expect(expected(all, 2, { verb: 'split', npt: 1, track: 2 })).toEqual(all)
  })

  it('merges two tracks', () => {
    const after = expected(all, 1, { verb: 'merge', other: 3 })
    expect(of(after, 1)).toMatchObject({ start_npt: 0, end_npt: 6, merged_tracks: [1, 3] })
    expect(of(after, 3)).toBeUndefined()
  })

  it('leaves the list that it was given as it is', () => {
    const before = JSON.stringify(all)
    expected(all, 1, { verb: 'merge', other: 3 })
    expected(all, 1, { verb: 'unknown' })
    expect(JSON.stringify(all)).toBe(before)
    expect(expected(all, 99, { verb: 'ignore' })).toEqual(all)
  })
})

describe('same as', () => {
  it('lends the name of the one who has it, whichever was selected', () => {
    for (const [track, other] of [
      [4, 2],
      [2, 4],
    ] as const) {
      const names = expected(all, track, { verb: 'same', other }).map((one) => one.name)
      expect(names).toEqual(['Ann', 'Ben', 'Ann', 'Ben', 'Ben'])
    }
  })

  it('makes two unknown people the one that was chosen', () => {
    const two = [seen(1, 0, 1, unknown(3)), seen(2, 4, 5, unknown(3)), seen(3, 8, 9, unknown(5))]
    expect(expected(two, 1, { verb: 'same', other: 3 }).map((one) => one.unknown_id)).toEqual([5, 5, 5])
    expect(expected(two, 1, { verb: 'same', other: 99 })).toEqual(two)
  })
})

describe('what is no appearance of a track', () => {
  it('is told from those that are', () => {
    const found = entryOf(pending({ analysis_id: 'a', track_id: 9, start_npt: 1, end_npt: 2, best_npt: 1.5 }))
    expect([isPending(found), isSaid(found), found.lane, found.kind]).toEqual([true, false, 'u:0', 'unknown'])
    const [one, other] = [shown({ start: 1, end: 2 }, 'Ann', 'Ann'), shown({ start: 1, end: 2 }, 'Eve', null)]
    expect([isSaid(entryOf(one)), entryOf(one).lane, entryOf(other).lane]).toEqual([true, 'p:Ann', 'p:Eve'])
    expect(one.track_id).not.toBe(other.track_id)
  })

  it('is nothing that somebody has to look at', () => {
    const found = entryOf(pending({ analysis_id: 'a', track_id: 9, start_npt: 1, end_npt: 2, best_npt: 1.5 }))
    expect(nextDoubtful([entries[0]!, found], entries[0]!, { verb: 'unknown' })).toBeNull()
  })
})
