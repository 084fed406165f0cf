import { boxAt, holds, joined, longestGap, placeAt, rowBefore, type Series } from './boxes'

const series = (rows: [number, number, number, number, number][]): Series => ({
  npt: Float64Array.from(rows.map((row) => row[0])),
  boxes: Float32Array.from(rows.flatMap((row) => row.slice(1))),
})

describe('placeAt', () => {
  // Seen at 1 s and 2 s, lost, and seen again at 9 s.
  const seen = series([
    [1, 10, 20, 30, 40],
    [2, 20, 40, 34, 48],
    [9, 100, 100, 50, 50],
  ])

  it.each([
    ['on a sample', 1, { x: 10, y: 20, w: 30, h: 40 }, true],
    ['in the middle of two', 1.5, { x: 15, y: 30, w: 32, h: 44 }, true],
    ['a quarter on the way', 1.25, { x: 12.5, y: 25, w: 31, h: 42 }, true],
    ['on the last sample', 9, { x: 100, y: 100, w: 50, h: 50 }, true],
    ['shortly before the first', 0.8, { x: 10, y: 20, w: 30, h: 40 }, false],
    ['shortly after the last', 9.3, { x: 100, y: 100, w: 50, h: 50 }, false],
    ['when it has just been lost', 2.4, { x: 20, y: 40, w: 34, h: 48 }, false],
    ['when it will be found in a moment', 8.6, { x: 100, y: 100, w: 50, h: 50 }, false],
  ])('%s', (_, time, box, exact) => {
    expect(placeAt(seen, time, 0.5, 1.5)).toEqual({ box, exact })
  })

  it.each([0.4, 5, 9.6])('shows nothing at %s s, where nobody saw it', (time) => {
    expect(placeAt(seen, time, 0.5, 1.5)).toBeNull()
  })

  it('shows nothing of a track without samples', () => {
    expect(placeAt(series([]), 1, 10, 1.5)).toBeNull()
  })
})

describe('rowBefore', () => {
  it.each([
    [0, -1],
    [1, 0],
    [1.9, 0],
    [2, 1],
    [99, 2],
  ])('at %s s is row %s', (time, row) => {
    expect(rowBefore(Float64Array.from([1, 2, 3]), time)).toBe(row)
  })
})

describe('longestGap', () => {
  it('is three times the usual time between samples', () => {
    expect(longestGap(Float64Array.from([0, 1, 2, 3, 30]))).toBe(3)
  })
  it('is at least one and a half seconds', () => {
    expect(longestGap(Float64Array.from([0, 0.04, 0.08]))).toBe(1.5)
    expect(longestGap(new Float64Array())).toBe(1.5)
  })
})

describe('joined', () => {
  it('puts windows in order and counts what stands in both once', () => {
    const both = joined([
      series([
        [2, 2, 0, 1, 1],
        [3, 3, 0, 1, 1],
      ]),
      series([
        [1, 1, 0, 1, 1],
        [2, 2, 0, 1, 1],
      ]),
      series([]),
    ])
    expect([...both.npt]).toEqual([1, 2, 3])
    expect(boxAt(both, 2)).toEqual({ x: 3, y: 0, w: 1, h: 1 })
  })
})

describe('holds', () => {
  it('has the far edges outside, as boxes do everywhere', () => {
    const box = { x: 1, y: 1, w: 2, h: 2 }
    expect([holds(box, 1, 1), holds(box, 2.9, 2.9), holds(box, 3, 2), holds(box, 2, 3)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
