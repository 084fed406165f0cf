import { barAt, firstReaching, following, marks, moved, Stretches, timeOf, xOf, zoomed } from './timeline'

const window = { start: 100, end: 200 }

describe('xOf and timeOf', () => {
  it('undo each other', () => {
    expect(xOf(window, 800, 150)).toBe(400)
    expect(timeOf(window, 800, xOf(window, 800, 123.4))).toBeCloseTo(123.4)
  })
})

describe('zoomed', () => {
  it.each([
    ['keeps the pointed time in its place', 150, 2, { start: 125, end: 175 }],
    ['also near an edge', 110, 2, { start: 105, end: 155 }],
    ['stops at the whole video', 150, 0.001, { start: 0, end: 600 }],
  ])('%s', (_, at, factor, expected) => {
    expect(zoomed(window, 600, at, factor)).toEqual(expected)
  })

  it('stops at half a second', () => {
    const { start, end } = zoomed(window, 600, 150, 1e6)
    expect(end - start).toBeCloseTo(0.5)
  })

  it('shows all of a video that is shorter than that', () => {
    expect(zoomed({ start: 0, end: 0.2 }, 0.2, 0.1, 4)).toEqual({ start: 0, end: 0.2 })
  })
})

describe('moved and following', () => {
  it('stays inside the video', () => {
    expect(moved(window, 600, -500)).toEqual({ start: 0, end: 100 })
    expect(moved(window, 600, 500)).toEqual({ start: 500, end: 600 })
  })

  it('turns the page when the time leaves it', () => {
    expect(following(window, 600, 150)).toBe(window)
    expect(following(window, 600, 210)).toEqual({ start: 200, end: 300 })
    expect(following(window, 600, 5)).toEqual({ start: 0, end: 100 })
  })
})

describe('marks', () => {
  it.each([
    [{ start: 0, end: 60 }, 600, 80, 10, [0, 10, 20, 30, 40, 50, 60]],
    [{ start: 12.5, end: 14.5 }, 400, 80, 0.5, [12.5, 13, 13.5, 14, 14.5]],
    [{ start: 0, end: 7200 }, 1000, 90, 900, [0, 900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]],
  ])('of %o on %s px', (shown, width, apart, step, times) => {
    expect(marks(shown, width, apart)).toEqual({ step, times })
  })
})

describe('barAt', () => {
  const bars = [
    { start: 1, end: 2 },
    { start: 5, end: 5.1 },
    { start: 8, end: 9 },
  ]
  it.each([
    [1.5, 0, bars[0]],
    [4.8, 0.3, bars[1]],
    [4.8, 0.1, null],
    [7, 1, bars[2]],
    [100, 1, null],
  ])('at %s s within %s s', (npt, reach, bar) => {
    expect(barAt(bars, npt, reach)).toBe(bar)
  })
})

describe('firstReaching', () => {
  const bars = [
    { start: 0, end: 50 },
    { start: 2, end: 3 },
    { start: 40, end: 41 },
    { start: 60, end: 61 },
  ]
  it.each([
    [0, 0],
    [45, 0],
    [50.5, 3],
    [61.5, 4],
  ])('from %s s on it is bar %s', (start, first) => {
    expect(firstReaching(bars, start)).toBe(first)
    expect(firstReaching([], start)).toBe(0)
  })
})

describe('Stretches', () => {
  it('finds what a look at all of them finds', () => {
    let seed = 7
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647
    const bars = Array.from({ length: 400 }, () => {
      const start = random() * 100
      return { start, end: start + random() * random() * 20 }
    })
    const stretches = new Stretches(bars)
    for (const start of [-5, 0, 13, 50.5, 99, 130]) {
      const end = start + 2
      const all = bars.filter((bar) => bar.start <= end && bar.end >= start).sort((a, b) => a.start - b.start)
      expect(stretches.within(start, end)).toEqual(all)
    }
    expect(new Stretches([]).at(1)).toEqual([])
  })
})
