/** Names of people as catalogues write them; the same as src/personnames.py, and tests/unit/personnames.json holds both to it. */

const COURTESY = new Set(
  (
    'sir dame lord lady dr prof mr mrs ms miss m mme mlle monsieur madame mademoiselle docteur doctor professor professeur ' +
    'herr frau senor senora signor signora hon rt'
  ).split(' '),
)
const REMARK = /\s*[([][^)\]]*[)\]]/g
const YEARS = /,?\s*\b\d{3,4}\s*[-\u2013]\s*(?:\d{3,4})?\s*$/

/** A name as people say it: `Churchill, Sir Winston (1874-1965)` becomes `Winston Churchill`. */
export function givenFirst(name: string): string {
  const plain = name.normalize('NFC').replace(REMARK, ' ').replace(YEARS, '')
  const parts = plain
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
  const words = wordsOf(parts.reverse().join(' '))
  while (words.length > 1 && COURTESY.has(bare(words[0]!).replace(/\.+$/, ''))) words.shift()
  return words.join(' ') || wordsOf(name).join(' ')
}

/** What the names of one person have in common: their words without titles and accents, in small letters, sorted. */
export function nameKey(name: string): string {
  const words = bare(givenFirst(name))
    .replaceAll('\u2019', "'")
    .split(/[\s.,]+/)
  const kept = words.filter((word) => word && !COURTESY.has(word))
  // A name of no letters is itself.
  return kept.sort().join(' ') || name
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean)
}

function bare(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
}
