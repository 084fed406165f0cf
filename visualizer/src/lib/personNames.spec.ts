import { readFileSync } from 'node:fs'
import { givenFirst, nameKey } from './personNames'

type Pairs = [string, string][]
const { one, others } = JSON.parse(readFileSync('../tests/unit/personnames.json', 'utf8')) as Record<string, Pairs>

it.each(one!)('%s is %s', (a, b) => {
  expect(nameKey(a)).toBe(nameKey(b))
})

it.each(others!)('%s is not %s', (a, b) => {
  expect(nameKey(a)).not.toBe(nameKey(b))
})

it('puts the given name first', () => {
  expect(['Churchill, Sir Winston (1874-1965)', 'Gaulle, Charles de', 'Sir', ''].map(givenFirst)).toEqual([
    'Winston Churchill',
    'Charles de Gaulle',
    'Sir',
    '',
  ])
})
