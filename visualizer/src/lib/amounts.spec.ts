import { ago, bytes, percent, span } from './amounts'

const plain = (text: string): string => text.replace(/\s/g, ' ')

it.each([
  [0, 'en', '0 bytes'],
  [999, 'en', '999 bytes'],
  [1000, 'en', '1 kB'],
  [1_234_567, 'en', '1.2 MB'],
  [45_678_901_234, 'en', '46 GB'],
  [4_200_000_000, 'fr', '4,2 Go'],
  [9e15, 'en', '9,000 TB'],
])('%d bytes are %s: %s', (value, locale, text) => {
  expect(plain(bytes(value, locale))).toBe(text)
})

it.each([
  [0, '0 sec'],
  [0.4, '0 sec'],
  [59.6, '1 min'],
  [61, '1 min 1 sec'],
  [3600, '1 hr'],
  [7500, '2 hr 5 min'],
  [3601, '1 hr'],
  [200_000, '2 days 7 hr'],
])('%d seconds are %s', (value, text) => {
  expect(plain(span(value, 'en'))).toBe(text)
})

it.each([
  ['2026-01-01T10:00:00+00:00', 'now'],
  ['2026-01-01T09:59:30+00:00', '30 seconds ago'],
  ['2026-01-01T07:01:00+00:00', '2 hours ago'],
  ['2025-12-31T09:00:00+00:00', 'yesterday'],
  // Clocks of two machines differ.
  ['2026-01-01T10:00:40+00:00', 'now'],
])('%s is %s', (moment, text) => {
  expect(ago(moment, Date.parse('2026-01-01T10:00:00Z'), 'en')).toBe(text)
})

it('what was not measured is no number', () => {
  const texts = [percent(null, 'en'), percent(0.97342, 'en'), percent(1, 'en'), percent(0.97342, 'fr')]
  expect(texts.map(plain)).toEqual(['–', '97.3 %', '100 %', '97,3 %'])
})
