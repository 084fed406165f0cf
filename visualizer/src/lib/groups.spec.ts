import { known, largeOnes, matching, mergedGroup, neighbourTile } from './groups'

const group = (unknown_id: number, seconds: number) => ({ unknown_id, seconds, n_appearances: 2, n_videos: 1 })

describe('large cards', () => {
  it('are those of people seen nearly as long as the first', () => {
    const small = Array.from({ length: 6 }, (_, at) => group(20 + at, 5))
    expect([...largeOnes([group(5, 100), group(2, 60), group(9, 39), ...small])]).toEqual([5, 2])
  })

  it('are a handful, and none where there are hardly any cards', () => {
    expect(largeOnes(Array.from({ length: 40 }, (_, at) => group(at, 50))).size).toBe(6)
    expect(largeOnes([group(1, 9), group(2, 9), group(3, 9)]).size).toBe(0)
    expect([...largeOnes([group(1, 9), group(2, 9), group(3, 9), group(4, 9)])]).toEqual([1])
    expect(largeOnes([]).size).toBe(0)
  })
})

describe('a name while it is typed', () => {
  const names = ['Édith Piaf', 'Konrad Adenauer', 'Ada Arp', 'Charles de Gaulle']

  it.each([
    ['ad', ['Ada Arp', 'Konrad Adenauer']],
    ['edith', ['Édith Piaf']],
    ['GAULLE', ['Charles de Gaulle']],
    ['rad', ['Konrad Adenauer']],
    ['  ', []],
    ['zzz', []],
  ])('%s finds %j', (typed, found) => expect(matching(names, typed, 5)).toEqual(found))

  it('finds no more than are wanted', () => expect(matching(names, 'a', 2)).toHaveLength(2))

  it('is that of somebody known however it is written', () => {
    expect(known(names, ' edith piaf ')).toBe('Édith Piaf')
    expect(known(names, ' Somebody New ')).toBe('Somebody New')
  })
})

it('two groups that are merged keep the lower number', () => {
  expect(mergedGroup(group(7, 3), group(4, 9))).toEqual({ unknown_id: 4, seconds: 12, n_appearances: 4, n_videos: 1 })
})

describe('the arrow keys', () => {
  const tile = (x: number, y: number, size = 10): DOMRect => ({ x, y, width: size, height: size }) as DOMRect
  // A large tile beside two rows of small ones, and one more row.
  const tiles = [tile(0, 0, 22), tile(24, 0), tile(36, 0), tile(24, 12), tile(36, 12), tile(0, 24), tile(12, 24)]

  it.each([
    [0, 'ArrowRight', 1],
    [1, 'ArrowDown', 3],
    [4, 'ArrowUp', 2],
    [0, 'ArrowDown', 5],
    [5, 'ArrowUp', 0],
    [6, 'ArrowRight', 6],
    [0, 'ArrowLeft', 0],
    [3, 'Home', 0],
    [3, 'End', 6],
    [6, 'ArrowDown', 6],
  ])('from %i by %s to %i', (at, key, found) => expect(neighbourTile(tiles, at, key)).toBe(found))
})
