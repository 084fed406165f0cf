import { clock, insideFrame, rateOf } from './time'

describe('clock', () => {
  it.each([
    [0, 0, '0:00'],
    [59.999, 0, '0:59'],
    [134.32, 2, '2:14.32'],
    [3723.5, 1, '1:02:03.5'],
    [0.3, 1, '0:00.3'],
    [-1, 0, '0:00'],
    [2.29, 2, '0:02.29'],
  ])('writes %s with %s digits as %s', (npt, digits, text) => {
    expect(clock(npt, digits)).toBe(text)
  })
})

describe('rateOf', () => {
  it.each([
    ['25/1', 25],
    ['30000/1001', 30000 / 1001],
    ['24', 24],
    ['', 0],
    ['0/0', 0],
    ['x', 0],
  ])('reads %s', (text, rate) => {
    expect(rateOf(text)).toBeCloseTo(rate)
  })
})

describe('insideFrame', () => {
  it('is the middle of the frame, also for times that lie on its edge as well as a float can say', () => {
    const rate = 30000 / 1001
    const off = Array.from({ length: 5000 }, (_, frame) =>
      Math.abs(insideFrame(frame / rate, rate) * rate - frame - 0.5),
    )
    expect(Math.max(...off)).toBeLessThan(1e-6)
  })
  it('is that of the frame also where its beginning is rounded to milliseconds', () => {
    const ends = Array.from(
      { length: 5000 },
      (_, frame) => insideFrame(Math.floor((frame / 30) * 1000) / 1000, 30) * 30,
    )
    expect(ends.every((end, frame) => Math.abs(end - frame - 0.5) < 1e-6)).toBe(true)
  })
  it('stays where the rate is not known', () => {
    expect(insideFrame(1.23, 0)).toBe(1.23)
  })
})
