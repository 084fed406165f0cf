import { heightOf, type Look, optionOf } from './chartOptions'
import { type Figures, peopleTable, timeTable, togetherTable, videosTable } from './statisticsTables'

const person = (name: string, seconds: number, unknown_id: number | null = null) => ({
  person_id: unknown_id === null ? name : null,
  unknown_id,
  name,
  seconds,
  n_appearances: 3,
  n_videos: 2,
})
const video = (id: string, seconds: number) => ({
  video_id: `v${id}`,
  fragment: '',
  analysis_id: id,
  title: `Film ${id}`,
  locator: '',
  date: '1938',
  duration: 60,
  start_time: 0,
  local: true,
  seconds,
  unknown_seconds: 1,
})
const figures: Figures = {
  people: [person('Ann', 60), person('Ben', 30), person('Unknown 3', 10, 3)],
  videos: [video('a', 70), video('b', 20)],
  cells: [
    [50, 10],
    [20, 10],
    [0, 10],
  ],
  together: [{ one: 0, other: 1, seconds: 15, times: 4 }],
  over_time: {
    unit: 'year',
    periods: ['1938', '1939'],
    n_videos: [2, 0],
    people: [
      [60, 0],
      [30, 0],
      [10, 0],
    ],
    others: [5, 0],
    unknown: [2, 0],
    undated_seconds: 7,
  },
}
const look: Look = {
  text: '#000000',
  quiet: '#59616d',
  line: '#d8dbe0',
  panel: '#ffffff',
  raised: '#eceef1',
  accent: '#3f51c8',
  font: 'sans-serif',
  words: { others: 'Others', unknown: 'Unknown', times: (n) => `${n} times`, videos: (n) => `${n} videos` },
}

describe('tables of the statistics', () => {
  it('hold what the server said, a line each', () => {
    expect(peopleTable(figures).rows[2]).toEqual([null, 3, 'Unknown 3', 10, 3, 2])
    expect(videosTable(figures)).toEqual({
      columns: ['video_id', 'title', 'date', 'seconds', 'unknown_seconds', 'Ann', 'Ben', 'Unknown 3'],
      rows: [
        ['va', 'Film a', '1938', 70, 1, 50, 20, 0],
        ['vb', 'Film b', '1938', 20, 1, 10, 10, 10],
      ],
    })
    expect(togetherTable(figures).rows).toEqual([['Ann', 'Ben', 15, 4]])
    expect(timeTable(figures)).toEqual({
      columns: ['year', 'n_videos', 'Ann', 'Ben', 'Unknown 3', 'others', 'unknown'],
      rows: [
        ['1938', 2, 60, 30, 10, 5, 2],
        ['1939', 0, 0, 0, 0, 0, 0],
      ],
    })
  })
})

interface Drawn {
  series: { data: unknown[]; links?: unknown[]; name?: string }[]
  tooltip: { renderMode: string; formatter: (hovered: object) => string }
}

describe('charts of the statistics', () => {
  const drawn = (chart: 'people' | 'videos' | 'together' | 'time'): Drawn =>
    optionOf(chart, figures, look) as unknown as Drawn

  it('show all of it', () => {
    expect(drawn('people').series[0]!.data).toHaveLength(3)
    // Who is not to be seen in a video has no cell there.
    expect(drawn('videos').series[0]!.data).toHaveLength(5)
    expect(drawn('together').series[0]!.data).toHaveLength(3)
    expect(drawn('together').series[0]!.links).toHaveLength(1)
    expect(drawn('time').series.map((one) => one.name)).toEqual(['Ann', 'Ben', 'Unknown 3', 'Others', 'Unknown'])
  })

  it('say under the pointer who, how long and how often, drawn and not as HTML', () => {
    const say = (chart: 'people' | 'videos' | 'together' | 'time', hovered: object): string[] =>
      drawn(chart).tooltip.formatter(hovered).split('\n')
    expect(say('people', { dataIndex: 0 })).toEqual(['Ann', '1:00', '3 times · 2 videos'])
    expect(say('videos', { value: [1, 0, 3.2] })).toEqual(['Ann', 'Film b · 1938', '0:10'])
    expect(say('together', { dataType: 'edge', dataIndex: 0 })).toEqual(['Ann – Ben', '0:15', '4 times'])
    expect(say('together', { dataType: 'node', dataIndex: 1 })).toEqual(['Ben', '0:30'])
    expect(say('time', { name: '1938', seriesName: 'Ann', value: 60, dataIndex: 0 })).toEqual([
      'Ann',
      '1938 · 2 videos',
      '1:00',
    ])
    for (const chart of ['people', 'videos', 'together', 'time'] as const)
      expect(drawn(chart).tooltip.renderMode).toBe('richText')
  })

  it('have their height before they are there', () => {
    expect(heightOf('people', { ...figures, people: Array(30).fill(figures.people[0]) })).toBeGreaterThan(600)
    expect(heightOf('together', figures)).toBeGreaterThan(300)
  })
})
