import { entryOf } from './appearances'
import { partners } from './pairing'
import { label, seen, unknown } from '@/test/people'

const ann = seen(10)
const near = [seen(12), seen(14), seen(16, unknown(3)), seen(40, { name: 'Élodie Bo', person_id: 'b' })]
const entries = [ann, ...near, seen(18, unknown(3)), seen(-1, { name: 'Said', person_id: 's' })].map(entryOf)
const numbers = (pairing: 'merge' | 'same', search = ''): number[] =>
  partners(entryOf(ann), entries, pairing, search, label).map((one) => one.seen.track_id)

describe('partners', () => {
  it('are the nearest appearances to merge with, of the same person too', () => {
    expect(numbers('merge')).toEqual([12, 14, 16, 18, 40])
  })

  it('are the nearest one of each of the others, to be the same as', () => {
    expect(numbers('same')).toEqual([16, 40])
  })

  it('are found by their names, however these are typed', () => {
    expect(numbers('same', 'elodie')).toEqual([40])
    expect(numbers('merge', 'unknown 3')).toEqual([16, 18])
    expect(numbers('merge', 'nobody')).toEqual([])
  })

  it('are everybody in a long film, as far as somebody looks for them', () => {
    const crowd = Array.from({ length: 300 }, (_, n) => entryOf(seen(n + 100, unknown(n))))
    const found = (search: string) => partners(entryOf(ann), crowd, 'same', search, label)
    expect(found('').length).toBe(40)
    expect(found('Unknown 299').map((one) => one.seen.track_id)).toEqual([399])
  })
})
