import { searchesFor } from './useAddPeople'

const person = (name: string) => ({ id: name, name, uri: '', isKnown: false })
const address = (name: string, length = 0) => ({
  name,
  url: `https://x.example/${'a'.repeat(length)}`,
  page: '',
  licence: '',
})

describe('searches for a list of people', () => {
  it('are one for a short list, with the addresses of those in it', () => {
    expect(searchesFor([person('Ann'), person('Bo')], [address('Bo')])).toEqual([
      { keywords: ['Ann', 'Bo'], addresses: [address('Bo')] },
    ])
    expect(searchesFor([person('Ann')], [])).toEqual([{ keywords: ['Ann'] }])
    expect(searchesFor([], [])).toEqual([])
  })

  it('are several for a long one, and each person is in one of them', () => {
    const people = Array.from({ length: 450 }, (_, n) => person(`Person ${n}`))
    const jobs = searchesFor(people, [])
    expect(jobs.map(({ keywords }) => keywords.length)).toEqual([200, 200, 50])
    expect(new Set(jobs.flatMap(({ keywords }) => keywords)).size).toBe(450)
  })

  it('stay below the size that parameters of a job may have', () => {
    const people = [person('Ann'), person('Bo'), person('Cy')]
    const jobs = searchesFor(people, [address('Ann', 25_000), address('Bo', 25_000), address('Cy')])
    expect(jobs.map(({ keywords }) => keywords)).toEqual([['Ann'], ['Bo', 'Cy']])
  })
})
