import { all, extended, meant, NOTHING, stepped, toggled, within } from './picking'

const ORDER = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const chosen = (picks: { chosen: ReadonlySet<string> }) => [...picks.chosen].sort().join('')

describe('choosing', () => {
  it('takes in and out one by one', () => {
    const one = toggled(NOTHING, 'b')
    expect(chosen(toggled(one, 'd'))).toBe('bd')
    expect(chosen(toggled(one, 'b'))).toBe('')
    expect(NOTHING.chosen.size).toBe(0)
  })

  it('takes a stretch from the last one chosen, in both directions, and keeps the rest', () => {
    const begun = toggled(toggled(NOTHING, 'a'), 'd')
    expect(chosen(extended(begun, ORDER, 'f'))).toBe('adef')
    expect(chosen(extended(begun, ORDER, 'c'))).toBe('acd')
    expect(chosen(extended(extended(begun, ORDER, 'f'), ORDER, 'c'))).toBe('acdef')
    expect(chosen(extended(NOTHING, ORDER, 'c'))).toBe('c')
    expect(extended(begun, ORDER, 'z')).toBe(begun)
  })

  it('knows all, and forgets those that are gone', () => {
    expect(chosen(all(ORDER))).toBe('abcdefg')
    expect(chosen(within(all(ORDER), ['b', 'x']))).toBe('b')
    const picks = toggled(NOTHING, 'a')
    expect(within(picks, ORDER)).toBe(picks)
  })

  it('means the chosen ones only where one of them is touched', () => {
    const picks = toggled(toggled(NOTHING, 'a'), 'b')
    expect(meant(picks, 'b')).toEqual(['a', 'b'])
    expect(meant(picks, 'c')).toEqual(['c'])
  })
})

describe('arrow keys in a grid of 3 columns and 7 places', () => {
  it.each([
    [0, 'ArrowRight', 1],
    [6, 'ArrowRight', 6],
    [0, 'ArrowLeft', 0],
    [3, 'ArrowUp', 0],
    [1, 'ArrowUp', 1],
    [1, 'ArrowDown', 4],
    [4, 'ArrowDown', 6],
    [6, 'ArrowDown', 6],
    [5, 'Home', 0],
    [2, 'End', 6],
    [0, 'x', 0],
  ])('from %i, %s leads to %i', (at, key, to) => {
    expect(stepped(at, key, 3, 7)).toBe(to)
  })
})
