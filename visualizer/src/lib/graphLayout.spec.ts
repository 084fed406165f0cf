import { type Edge, laidOut, type Place } from './graphLayout'

const ids = ['ann', 'ben', 'cy', 'dora', 'eve', 'fay']
const edges: Edge[] = [
  { one: 0, other: 1, weight: 1 },
  { one: 2, other: 3, weight: 1 },
  { one: 3, other: 4, weight: 0.5 },
]
const distance = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y)

describe('the layout of a graph', () => {
  it('is the same each time, and whatever order people come in', () => {
    const first = laidOut(ids, edges)
    expect(laidOut(ids, edges)).toEqual(first)
    const turned = [...ids].reverse()
    const last = ids.length - 1
    const others = edges.map(({ one, other, weight }) => ({ one: last - other, other: last - one, weight })).reverse()
    const again = laidOut(turned, others)
    ids.forEach((id, at) => {
      const place = again[turned.indexOf(id)]!
      expect(place.x).toBeCloseTo(first[at]!.x, 9)
      expect(place.y).toBeCloseTo(first[at]!.y, 9)
    })
  })

  it('puts those who are together near each other', () => {
    const found = laidOut(ids, edges)
    expect(distance(found[0]!, found[1]!)).toBeLessThan(distance(found[0]!, found[2]!))
    expect(distance(found[2]!, found[3]!)).toBeLessThan(distance(found[1]!, found[3]!))
  })

  it('uses all of the room, and no two stand in one place', () => {
    const found = laidOut(ids, edges)
    for (const values of [found.map((one) => one.x), found.map((one) => one.y)]) {
      expect([Math.min(...values), Math.max(...values)]).toEqual([0, 1])
    }
    found.forEach((one, at) =>
      found.slice(at + 1).forEach((other) => expect(distance(one, other)).toBeGreaterThan(0.05)),
    )
  })

  it('of nobody, of one and of two is no trouble', () => {
    expect(laidOut([], [])).toEqual([])
    expect(laidOut(['ann'], [])).toEqual([{ x: 0.5, y: 0.5 }])
    expect(laidOut(['ann', 'ben'], [{ one: 0, other: 1, weight: 1 }]).flatMap(Object.values)).not.toContain(NaN)
  })
})
