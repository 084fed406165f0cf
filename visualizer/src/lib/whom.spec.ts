import { calledOn, type Choice, idOf, matching, unknownIdOf } from './whom'

function choice(name: string, aliases: string[] = []): Choice {
  return { id: name, person_id: name, unknown_id: null, name, picture: '', aliases }
}

const all = [
  choice('Joan Anders'),
  choice('Ann Ace'),
  choice('Çelik Özil'),
  choice('Winston Churchill', ['The Bulldog']),
  choice('Hannah B.'),
]
const names = (typed: string, most = 9): string[] => matching(all, typed, most).map((one) => one.name)

describe('choosing people', () => {
  it('finds the beginning of a name first, then of a word, then any part', () => {
    expect(names('an')).toEqual(['Ann Ace', 'Joan Anders', 'Hannah B.'])
  })

  it('knows other names, and no accents', () => {
    expect(names('celik oz')).toEqual(['Çelik Özil'])
    expect(names('ÇELIK')).toEqual(['Çelik Özil'])
    expect(names('bulldog')).toEqual(['Winston Churchill'])
    expect(names('nobody')).toEqual([])
  })

  it('shows no more than there is room for', () => {
    expect(names('', 2)).toEqual(['Joan Anders', 'Ann Ace'])
    expect(names('an', 1)).toEqual(['Ann Ace'])
  })

  it('names people and unknown people by one text', () => {
    expect(idOf({ person_id: 'Ann_Ace', unknown_id: null })).toBe('Ann_Ace')
    expect(idOf({ person_id: null, unknown_id: 3 })).toBe('unknown:3')
    expect([unknownIdOf('unknown:3'), unknownIdOf('Ann_Ace')]).toEqual([3, null])
  })
})

it('calls unknown people by their number in the language of the page, all others by their name', () => {
  const unknown = (n: number | null): string => (n === null ? 'Inconnu' : `Inconnu ${n}`)
  const called = (person_id: string | null, name: string): string => calledOn({ person_id, name }, unknown)
  expect(called(null, 'Unknown 12')).toBe('Inconnu 12')
  expect([called(null, 'Unknown'), called(null, '')]).toEqual(['Inconnu', 'Inconnu'])
  expect(called(null, 'The man with the hat')).toBe('The man with the hat')
  expect(called('Unknown_12', 'Unknown 12')).toBe('Unknown 12')
})
