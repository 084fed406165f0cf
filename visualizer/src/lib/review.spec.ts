import type { Seen } from './appearances'
import {
  currentItem,
  type Doubtful,
  loopOf,
  openItems,
  reviewActionOf,
  settledShare,
  totalsAfter,
  upcoming,
} from './review'

const seen = { start_npt: 0, end_npt: 4, best_npt: 2 } as Seen
const items: Doubtful[] = ['a', 'b', 'c', 'd'].map((id, at) => ({ id, seconds: at + 1, appearance: seen }))
const ids = (some: Doubtful[]): string[] => some.map((one) => one.id)

describe('the queue', () => {
  it('goes on with the first that nobody has looked at', () => {
    expect(currentItem(items, new Map(), null)?.id).toBe('a')
    expect(currentItem(items, new Map([['a', 'said']]), null)?.id).toBe('b')
  })

  it('shows what the address names as long as it is open', () => {
    expect(currentItem(items, new Map(), 'c')?.id).toBe('c')
    expect(currentItem(items, new Map([['c', 'skipped']]), 'c')?.id).toBe('a')
    expect(currentItem(items, new Map(), 'gone')?.id).toBe('a')
    expect(currentItem([], new Map(), 'a')).toBeNull()
  })

  it('makes the following ready, and begins anew after the last', () => {
    expect(ids(upcoming(items, new Map(), items[1]!, 2))).toEqual(['c', 'd'])
    expect(ids(upcoming(items, new Map([['a', 'said']]), items[3]!, 2))).toEqual(['b', 'c'])
    expect(ids(upcoming(items, new Map(), null, 1))).toEqual(['a'])
  })

  it('counts what was said, not what was skipped', () => {
    const done = new Map([
      ['a', 'said'],
      ['b', 'skipped'],
    ] as const)
    expect(ids(openItems(items, done))).toEqual(['c', 'd'])
    expect(totalsAfter({ n: 9, secondsLeft: 30, seconds: 100 }, items, done)).toEqual({
      n: 8,
      secondsLeft: 29,
      seconds: 100,
    })
  })

  it('says how much of the screen time is settled', () => {
    expect(settledShare({ n: 1, secondsLeft: 25, seconds: 100 })).toBe(0.75)
    expect(settledShare({ n: 0, secondsLeft: 0, seconds: 0 })).toBe(1)
  })
})

describe('the moment that is shown again and again', () => {
  it('is all of a short appearance', () => {
    const { start, end } = loopOf({ start_npt: 10, end_npt: 13, best_npt: 12 })
    expect(start).toBeCloseTo(9.6)
    expect(end).toBeCloseTo(13.4)
  })

  it('is of a long one eight seconds around the best face', () => {
    expect(loopOf({ start_npt: 10, end_npt: 100, best_npt: 50 })).toEqual({ start: 46, end: 54 })
    expect(loopOf({ start_npt: 10, end_npt: 100, best_npt: 99 }).end).toBeCloseTo(100.4)
    expect(loopOf({ start_npt: 0, end_npt: 100, best_npt: 0 }).start).toBe(0)
  })
})

describe('the keys', () => {
  const press = (key: string, ctrlKey = false) =>
    reviewActionOf({ key, ctrlKey, metaKey: false, altKey: false, shiftKey: false })

  it.each([
    ['y', 'right'],
    ['1', 'take1'],
    ['5', 'take5'],
    ['N', 'name'],
    ['x', 'isNot'],
    ['u', 'unknown'],
    ['Delete', 'ignore'],
    ['s', 'skip'],
  ])('%s is %s', (key, action) => expect(press(key)).toBe(action))

  it('Ctrl Z takes back, z alone and Ctrl S are nothing', () => {
    expect(press('z', true)).toBe('undo')
    expect(press('z')).toBeNull()
    expect(press('s', true)).toBeNull()
  })
})
