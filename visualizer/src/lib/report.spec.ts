import { changes, confusion, onLogAxis } from './report'

const person = (name: string, n_held_out: number, n_right: number, n_unknown = 0) => ({
  name,
  n_held_out,
  n_right,
  n_unknown,
})

describe('who was taken for whom', () => {
  const people = [person('Ann', 4, 4), person('Ben', 4, 1, 2), person('Cyd', 2, 1), person('Dan', 0, 0)]
  const confused = [
    { person: 'Ben', taken_for: 'Ann', count: 1 },
    { person: 'Cyd', taken_for: 'Dan', count: 1 },
  ]

  it('has those with mistakes first, and a column for no name', () => {
    const { rows, columns, cells } = confusion(people, confused, 10)
    expect(rows).toEqual(['Ben', 'Cyd', 'Ann'])
    expect(columns).toEqual(['Ben', 'Cyd', 'Ann', 'Dan', ''])
    expect(cells).toEqual([
      [0, 0, 0.25, 1],
      [4, 0, 0.5, 2],
      [2, 0, 0.25, 1],
      [1, 1, 0.5, 1],
      [3, 1, 0.5, 1],
      [2, 2, 1, 4],
    ])
  })

  it('leaves out the best ones where there are too many, and all faces of the others are told', () => {
    const { rows, cells } = confusion(people, confused, 2)
    expect(rows).toEqual(['Ben', 'Cyd'])
    for (const [row, total] of [
      [0, 4],
      [1, 2],
    ] as const) {
      expect(cells.filter((cell) => cell[1] === row).reduce((sum, cell) => sum + cell[3], 0)).toBe(total)
    }
  })

  it('is empty where nobody was held out', () => {
    expect(confusion([person('Dan', 0, 0)], [], 5)).toEqual({ rows: [], columns: [''], cells: [] })
  })
})

it('a curve on a logarithmic axis begins where the axis does, with the best that can be had there', () => {
  expect(onLogAxis([0, 0, 0.0001, 0.1, 1], [0, 0.4, 0.5, 0.9, 1], 0.001)).toEqual([
    [0.001, 0.5],
    [0.1, 0.9],
    [1, 1],
  ])
})

describe('what became of the numbers', () => {
  it('is good or bad by what they mean', () => {
    const found = changes({ named_right: 0.9, ece: 0.02, n_people: 5 }, [
      { key: 'named_right', before: 0.8, now: 0.9 },
      { key: 'ece', before: 0.01, now: 0.02 },
      { key: 'n_people', before: 4, now: 5 },
    ])
    expect(found.map(({ key, news }) => [key, news])).toEqual([
      ['n_people', 'none'],
      ['named_right', 'good'],
      ['ece', 'bad'],
    ])
    expect(found[1]!.by).toBeCloseTo(0.1)
  })

  it('is nothing where there was no model before, or nobody would see it', () => {
    expect(changes({ named_right: 0.9 }, undefined)[0]).toMatchObject({ by: null, before: null, news: 'none' })
    const same = [{ key: 'named_right', before: 0.9001, now: 0.9 }]
    expect(changes({ named_right: 0.9 }, same)[0]).toMatchObject({ by: null, news: 'none' })
    expect(changes({ named_right: null }, same)[0]).toMatchObject({ by: null, now: null })
  })
})
