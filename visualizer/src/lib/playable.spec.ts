import {
  byAnalysis,
  foundPlayables,
  grouped,
  jointPlayables,
  MOMENT_COLUMNS,
  momentRow,
  type Programme,
  titleOf,
  trackNumber,
} from './playable'

const film = (id: string): Programme => ({
  video_id: `v${id}`,
  fragment: '',
  analysis_id: id,
  title: `Film ${id}`,
  locator: `${id}.mp4`,
  date: '1938',
  duration: 60,
  start_time: 0,
  local: true,
})
const programmes = byAnalysis([film('a'), film('b')])
const moment = (analysis_id: string, start_npt: number) => ({
  analysis_id,
  start_npt,
  end_npt: start_npt + 2.5,
  sights: [{ track: `${analysis_id}-1` }, { track: null }],
})

describe('playable moments', () => {
  const found = jointPlayables([moment('b', 4), moment('b', 9), moment('a', 1), moment('gone', 1)], programmes, [
    'Ann',
    'Ben',
  ])

  it('know their video, and who shows whom', () => {
    expect(found.map((one) => one.key)).toEqual(['b:4000', 'b:9000', 'a:1000'])
    expect(found[0]).toMatchObject({
      start: 4,
      end: 6.5,
      faces: [
        { name: 'Ann', track: 'b-1' },
        { name: 'Ben', track: null },
      ],
    })
  })

  it('of one video are together, in the order in which they come', () => {
    expect(grouped(found, programmes).map((one) => [one.programme.title, one.moments.length])).toEqual([
      ['Film b', 2],
      ['Film a', 1],
    ])
  })

  it('are lines of a table', () => {
    const row = momentRow(found[0]!)
    expect(row).toHaveLength(MOMENT_COLUMNS.length)
    expect(row).toEqual(['vb', 'Film b', 'b.mp4', '', '1938', 4, 6.5, 2.5, null, 'Ann; Ben', 'b-1; '])
  })

  it('of a search by face are named by their track', () => {
    const hit = { score: 0.8, track: 'a-58', analysis_id: 'a', start_npt: 1, end_npt: 3, name: '' }
    expect(foundPlayables([hit, { ...hit, analysis_id: 'gone' }], programmes)).toEqual([
      { key: 'a-58', programme: film('a'), start: 1, end: 3, faces: [{ name: '', track: 'a-58' }], score: 0.8 },
    ])
    expect(trackNumber('a-b-58')).toBe('58')
  })

  it('are called by the name of their video when it has no title', () => {
    expect(titleOf({ title: '', locator: 'a.mp4', video_id: 'v' })).toBe('a.mp4')
  })
})
