import { revealing, rowsOf } from './rows'

describe('the rows of a long list', () => {
  it('are those in sight and a few beside them', () => {
    expect(rowsOf(0, 300, 30, 5000, 4)).toEqual({ first: 0, last: 18 })
    expect(rowsOf(30_000, 300, 30, 5000, 4)).toEqual({ first: 996, last: 1014 })
  })

  it('end with the list, also when it has become shorter than it is scrolled', () => {
    expect(rowsOf(149_700, 300, 30, 5000, 4)).toEqual({ first: 4986, last: 5000 })
    expect(rowsOf(9000, 300, 30, 12, 4)).toEqual({ first: 2, last: 12 })
    expect(rowsOf(0, 300, 30, 0)).toEqual({ first: 0, last: 0 })
  })

  it('come into sight by the shortest way', () => {
    expect(revealing(0, 300, 30, 3)).toBe(0)
    expect(revealing(0, 300, 30, 20)).toBe(330)
    expect(revealing(900, 300, 30, 2)).toBe(60)
  })
})
