import { EVERYTHING, fitting, playedPart, summed, type VideoMoments } from './moments'

const moment = (start_npt: number, end_npt: number, confidence: number, source = 'machine') => ({
  track_id: start_npt,
  start_npt,
  end_npt,
  best_npt: start_npt,
  confidence,
  source,
})
const video = (title: string, date: string, ...items: VideoMoments['items']): VideoMoments => ({
  video_id: title,
  fragment: '',
  analysis_id: title,
  title,
  date,
  locator: `${title}.mp4`,
  start_time: 0,
  local: true,
  items,
})
const VIDEOS = [
  video('Les Actualités', '1962-09-05', moment(1, 3, 0.6), moment(9, 10, 0.2, 'human')),
  video('Journal', '1970', moment(0, 4, 0.9)),
  video('Undated', '', moment(0, 1, 0.9)),
]
const titles = (filter: Partial<typeof EVERYTHING>) =>
  fitting(VIDEOS, { ...EVERYTHING, ...filter }).map(({ title }) => title)

describe('moments of somebody', () => {
  it('are all there without a filter', () => {
    expect(titles({})).toEqual(['Les Actualités', 'Journal', 'Undated'])
    expect(summed(VIDEOS)).toEqual({ n: 4, seconds: 8 })
  })

  it('are found by words of the title', () => {
    expect(titles({ video: 'ACTUAL les' })).toEqual(['Les Actualités'])
  })

  it('are filtered by confidence; what people said is sure', () => {
    expect(fitting(VIDEOS, { ...EVERYTHING, confidence: 0.7 }).map(({ items }) => items.length)).toEqual([1, 1, 1])
    expect(fitting(VIDEOS, { ...EVERYTHING, confidence: 0.95 })[0]?.items[0]?.source).toBe('human')
  })

  it.each([
    [{ from: '1962' }, ['Les Actualités', 'Journal']],
    [{ from: '1962-10' }, ['Journal']],
    [{ to: '1962' }, ['Les Actualités']],
    [{ from: '1970-05', to: '1980' }, ['Journal']],
    [{ from: '1962-09-05', to: '1962-09-05' }, ['Les Actualités']],
  ])('are filtered by date %o', (filter, expected) => {
    expect(titles(filter)).toEqual(expected)
  })

  it('are played with a little before and after, and long enough to see something', () => {
    expect(playedPart({ start_npt: 10, end_npt: 14 })).toEqual({ start: 9.6, end: 14.4 })
    expect(playedPart({ start_npt: 0.1, end_npt: 0.2 })).toEqual({ start: 0, end: 1.5 })
  })
})
