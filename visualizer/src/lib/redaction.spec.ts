import { canBeKept, keptBy, redaction } from './redaction'

it.each([
  [[], 'everyone', ''],
  [['Ann Ace'], 'all-but:Ann Ace;', 'Ann Ace'],
  [['Ace, Ann', 'Ben Bo'], 'all-but:Ace, Ann;Ben Bo;', 'Ace, Ann, Ben Bo'],
])('leaves %j to be seen', (kept, redact, text) => {
  expect(redaction(kept)).toBe(redact)
  expect(keptBy(redact)).toBe(text)
})

it('reads what others ordered', () => {
  expect(keptBy('all-but:Ann, Ben')).toBe('Ann, Ben')
  expect(keptBy('all-but:Ann; Ben')).toBe('Ann, Ben')
})

it('says no name that would be taken apart', () => {
  expect(['Ann Ace', 'Ace, Ann', 'A;B', ' '].map(canBeKept)).toEqual([true, true, false, false])
})
