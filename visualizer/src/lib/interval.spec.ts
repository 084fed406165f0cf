import { between, inside, looped, timesOf } from './interval'

describe('a marked stretch', () => {
  it('lies between two times, whichever comes first, and inside the film', () => {
    expect(between(8, 3, 10)).toEqual({ start: 3, end: 8 })
    expect(between(-2, 99, 10)).toEqual({ start: 0, end: 10 })
    expect(between(3, 3.01, 10)).toBeNull()
  })

  it('begins again at its end, and when somebody leaves it to the front', () => {
    const stretch = { start: 10, end: 12 }
    expect(looped(stretch, 11, 25)).toBeNull()
    expect(looped(stretch, 11.96, 25)).toBeNull()
    expect(looped(stretch, 12, 25)).toBe(10)
    expect(looped(stretch, 3, 25)).toBe(10)
  })

  it('has those in it that overlap it', () => {
    const all = [
      { start: 0, end: 2 },
      { start: 1, end: 5 },
      { start: 4, end: 9 },
      { start: 8, end: 9 },
    ]
    expect(inside(all, { start: 2, end: 8 })).toEqual([all[1], all[2]])
  })
})

describe('the times of a media fragment', () => {
  it.each([
    ['#t=12.5,45', 12.5, 45],
    ['t=npt:1:02,1:10.5', 62, 70.5],
    ['#t=0:01:30', 90, null],
    ['#t=,20', 0, 20],
    ['#xywh=1,2,3,4&t=3', 3, null],
  ])('%s', (text, start, end) => {
    expect(timesOf(text)).toEqual({ start, end })
  })

  it.each(['', '#', '#t=', '#t=,', '#t=9,3', '#t=a', '#t=1:2:3:4', '#t=smpte:0:00:10', '#track=audio', '#t=1..2'])(
    '%s says nothing',
    (text) => {
      expect(timesOf(text)).toBeNull()
    },
  )
})
