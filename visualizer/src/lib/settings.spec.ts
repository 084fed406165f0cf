import { sections, shownValue } from './settings'

const setting = (name: string, value: unknown, usual: unknown, meaning = '') => ({
  name,
  value,
  default: usual,
  meaning,
})
const ALL = [
  setting('device', 'cpu', 'cpu', 'Where networks run'),
  setting('tracker.min_score', 0.7, 0.6, 'Detections with a lower score are dropped'),
  setting('tracker.max_faces', 100, 100, 'At most so many faces a frame'),
  setting('crawler.providers', ['bing'], ['bing'], 'Asked in this order'),
]
const meaning = ({ meaning: text }: { meaning: string }): string => text
const names = (options: { text?: string | null; changedOnly?: boolean }) =>
  sections(ALL, { text: '', changedOnly: false, meaning, ...options }).map((one) => [
    one.name,
    one.settings.length,
    one.changed,
  ])

it('stand in their sections, with how many are not as usual', () => {
  expect(names({})).toEqual([
    ['general', 1, 0],
    ['tracker', 2, 1],
    ['crawler', 1, 0],
  ])
})

it('are found by all words of a text, in their name or their meaning', () => {
  expect(names({ text: 'tracker FACES' })).toEqual([['tracker', 1, 0]])
  expect(names({ text: 'networks' })).toEqual([['general', 1, 0]])
  expect(names({ text: 'tracker networks' })).toEqual([])
  // What a cleared field says.
  expect(names({ text: null }).length).toBe(3)
})

it('that are as usual can be left out', () => {
  expect(names({ changedOnly: true })).toEqual([['tracker', 1, 1]])
})

it.each([
  [null, '–'],
  ['', '–'],
  [[], '–'],
  [['a', 'b'], 'a, b'],
  [0, '0'],
  [false, 'false'],
])('%j is shown as %s', (value, text) => {
  expect(shownValue(value)).toBe(text)
})
