import {
  isDate,
  NO_SEARCH,
  NO_STATISTICS,
  readSearch,
  readStatistics,
  type SearchView,
  type StatisticsView,
  writeSearch,
  writeStatistics,
} from './addresses'

const people: SearchView = {
  ...NO_SEARCH,
  present: ['Ann_Ace', 'unknown:3', 'Bush,_George; sen.'],
  absent: ['Ben_Bo'],
  from: '1938',
  to: '1945-05-08',
  gap: 5,
  min: 1.5,
  confidence: 0.7,
  human: true,
  sort: '-seconds',
  at: 'a1:4000',
}
const face: SearchView = { ...NO_SEARCH, by: 'face', track: 'a1-58', photo: '', face: 2, loose: true, at: 'a1-3' }
const statistics: StatisticsView = {
  from: '1938',
  to: '',
  confidence: 0.5,
  human: true,
  videos: ['v1', 'v2'],
  unknown: true,
  top: 60,
  tables: ['people', 'time'],
}

describe('addresses', () => {
  it.each([people, face, NO_SEARCH])('hold the whole search', (view) => {
    expect(readSearch(writeSearch(view))).toEqual(view)
  })

  it.each([statistics, NO_STATISTICS])('hold the whole of the statistics', (view) => {
    expect(readStatistics(writeStatistics(view))).toEqual(view)
  })

  it('say nothing of what is as usual', () => {
    expect(writeSearch(NO_SEARCH)).toEqual({})
    expect(writeStatistics(NO_STATISTICS)).toEqual({})
    expect(writeSearch(people).with).toBe('Ann_Ace/unknown:3/Bush,_George; sen.')
  })

  it('of a track alone is a search by face', () => {
    expect(readSearch({ track: 'a1-58' })).toEqual({ ...NO_SEARCH, by: 'face', track: 'a1-58' })
  })

  it('with nonsense in them are as usual', () => {
    const nonsense = {
      by: 'x',
      with: ['a', 'b'],
      gap: '-1',
      min: 'NaN',
      sort: 'size',
      from: 'soon',
      to: '1938-13',
      conf: '',
      face: '1e999',
      loose: 'yes',
    }
    expect(readSearch(nonsense)).toEqual(NO_SEARCH)
    expect(readStatistics({ top: '7', tables: 'x/y', conf: 'high' })).toEqual(NO_STATISTICS)
    expect(readSearch({ conf: '7' }).confidence).toBe(1)
  })

  it('know dates', () => {
    expect(['', '1938', '1938-09', '1938-09-30'].map(isDate)).toEqual([true, true, true, true])
    expect(['38', '1938-9', '1938-13', '1938-09-32', '30.9.1938'].map(isDate)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
