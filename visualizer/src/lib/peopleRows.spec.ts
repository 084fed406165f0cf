import { found, initials, inSight, type PersonRow, rowsOf, sorted } from './peopleRows'

const person = (person_id: string, name: string, aliases: string[] = []) => ({
  person_id,
  name,
  aliases,
  recognisable: true,
})
const totals = (person_id: string, n_pictures: number, n_appearances: number, seconds: number) => ({
  person_id,
  n_pictures,
  n_training: n_pictures,
  n_videos: 1,
  n_appearances,
  seconds,
  portrait: true,
})
const rows = rowsOf(
  [person('a', 'Ann Ace', ['Anna']), person('c', 'Cléo d’Arc'), person('b', 'Ben Bo')],
  [totals('a', 3, 5, 60.5), totals('b', 9, 5, 10)],
)
const names = (list: PersonRow[]) => list.map(({ name }) => name[0]).join('')

describe('people with their totals', () => {
  it('have none where nothing is known', () => {
    expect(rows[1]).toMatchObject({ pictures: 0, seconds: 0, portrait: false })
    expect(rows[1]!.counted).toBe(true)
    expect(rowsOf([person('a', 'A')], undefined)[0]).toMatchObject({ appearances: 0, counted: false })
  })

  it('are found by words of name and alias, without accents and case', () => {
    expect(names(found(rows, 'cleo'))).toBe('C')
    expect(names(found(rows, 'ANNA ace'))).toBe('A')
    expect(names(found(rows, ' '))).toBe('ACB')
    expect(found(rows, 'nobody')).toEqual([])
  })

  it('are sorted by name upwards and by numbers downwards', () => {
    expect(names(sorted(rows, 'name', false))).toBe('ABC')
    expect(names(sorted(rows, 'name', true))).toBe('CBA')
    expect(names(sorted(rows, 'pictures', false))).toBe('BAC')
    expect(names(sorted(rows, 'appearances', false))).toBe('ABC')
    expect(names(sorted(rows, 'seconds', true))).toBe('CBA')
  })
})

it('of thousands some are drawn', () => {
  expect(inSight(0, 500, 100, 4, 10_000)).toEqual({ first: 0, last: 28 })
  expect(inSight(5000, 500, 100, 4, 10_000)).toEqual({ first: 192, last: 228 })
  expect(inSight(0, 500, 100, 4, 3)).toEqual({ first: 0, last: 3 })
})

it.each([
  ['Charles de Gaulle', 'CG'],
  ['Madonna', 'M'],
  ['名前', '名'],
  ['42', '?'],
])('%s has the initials %s', (name, letters) => {
  expect(initials(name)).toBe(letters)
})
