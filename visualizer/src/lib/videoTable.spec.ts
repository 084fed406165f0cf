import { listed, orderOf, type Row, turned } from './videoTable'

const row = (title: string, more: Partial<Row> = {}): Row => ({
  title,
  locator: `${title}.mp4`,
  date: '',
  length: null,
  people: null,
  state: 1,
  added: '',
  ...more,
})
const rows = [
  row('Les Actualités 10', { date: '1962-09-05', length: 60, people: 3, added: '2026-01-02' }),
  row('Les Actualités 9', { length: 600, people: 0, added: '2026-01-03' }),
  row('Tagesschau', { date: '1961', added: '2026-01-01' }),
]
const titles = (search: string, sort: string): string[] => listed(rows, search, sort).map((one) => one.title)

describe('the table of videos', () => {
  it.each([
    ['title', ['Les Actualités 9', 'Les Actualités 10', 'Tagesschau']],
    ['-title', ['Tagesschau', 'Les Actualités 10', 'Les Actualités 9']],
    ['-people', ['Les Actualités 10', 'Les Actualités 9', 'Tagesschau']],
    ['people', ['Les Actualités 9', 'Les Actualités 10', 'Tagesschau']],
    ['date', ['Tagesschau', 'Les Actualités 10', 'Les Actualités 9']],
    ['nonsense', ['Les Actualités 9', 'Les Actualités 10', 'Tagesschau']],
  ])('by %s, what nobody knows last', (sort, found) => {
    expect(titles('', sort)).toEqual(found)
  })

  it('is searched without accents, for all words', () => {
    expect(titles('ACTUALITES 1962', '')).toEqual(['Les Actualités 10'])
    expect(titles('tages mp4', '')).toEqual(['Tagesschau'])
    expect(titles('nobody', '')).toEqual([])
  })

  it('turns round what it is sorted by', () => {
    expect(turned('-added', 'title')).toBe('title')
    expect(turned('title', 'title')).toBe('-title')
    expect(turned('title', 'people')).toBe('-people')
    expect(orderOf('-state')).toEqual({ by: 'state', down: true })
  })
})
