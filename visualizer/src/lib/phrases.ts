/**
 * What the server says in sentences, in another language. Its sentences are known one by one, with places for what they speak of:
 * a catalogue says for each, as the server's source has it, how it reads. The blanks of a sentence:
 *
 * - `{name}` anything, left as it is; `{_word}` one word; `{#n}` a number; `{&names}` a list whose last two are joined by "and";
 * - `{!kind}` a phrase without blanks, `{+why}` any sentence of more than a word: where it is none the whole is another sentence;
 * - `{~what}` a phrase where it is known, else as it is, or nothing; `{*kinds}` such phrases between commas.
 *
 * A translation with two forms, `one | many`, goes by its first blank that begins with a number.
 */

export type Catalogue = Readonly<Record<string, string>>
/** A sentence in the language of the catalogue; null for one that is not in it. */
export type Phrasebook = (text: string) => string | null

type Kind = '' | '_' | '#' | '&' | '!' | '+' | '~' | '*'
type Part = { text: string } | { kind: Kind; name: string }
interface Phrase {
  parts: Part[]
  said: string
}
/** What a text is; the more of it are words of ours, the surer that is. */
interface Found {
  said: string
  weight: number
}
interface Filled {
  blanks: Map<string, string>
  weight: number
}

const BLANK = /\{([_#&!+~*]?)(\w+)\}/
const NUMBER = /^-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?\s?%?$/
const AND = ' and '
const REMEMBERED = 2000

export function phrasebook(catalogue: Catalogue): Phrasebook {
  const phrases = Object.entries(catalogue).map(([key, said]) => phraseOf(key, said))
  const plain = new Map(Object.entries(catalogue).map(([key, said]) => [bare(key), bare(said)]))
  const known = new Map<string, string | null>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    if (known.size >= REMEMBERED) known.clear()
    const said = new Reader(phrases, plain).read(text)?.said ?? null
    known.set(text, said)
    return said
  }
}

/** Without the full stop: sentences that are put into others lose it there, or keep it. */
function bare(text: string): string {
  return text.replace(/(?<!\.)\.$/, '')
}

function phraseOf(key: string, said: string): Phrase {
  const parts = bare(key)
    .split(/(\{[_#&!+~*]?\w+\})/)
    .filter(Boolean)
    .map((piece): Part => {
      const [, kind, name] = BLANK.exec(piece) ?? []
      return name ? { kind: kind as Kind, name } : { text: piece }
    })
  // A sentence that has a full stop only here keeps it.
  return { parts, said: key === bare(key) ? said : bare(said) }
}

/** Reads one text. */
class Reader {
  /** What parts of it are: each is looked at once. */
  private readonly known = new Map<string, Found | null>()

  constructor(
    private readonly phrases: readonly Phrase[],
    /** Phrases as they stand in the catalogue: those without blanks are found at once. */
    private readonly plain: ReadonlyMap<string, string>,
  ) {}

  read(text: string): Found | null {
    const known = this.known.get(text)
    if (known !== undefined) return known
    const inner = bare(text)
    let best: Found | null = null
    for (const phrase of inner ? this.phrases : []) {
      if (!couldBe(phrase, inner)) continue
      const filled = this.filled(phrase.parts, inner)
      if (filled && filled.weight > (best?.weight ?? 0)) {
        const said = written(phrase, filled.blanks)
        best = { said: said.endsWith('.') ? said : said + text.slice(inner.length), weight: filled.weight }
      }
    }
    this.known.set(text, best)
    return best
  }

  /** What stands in the blanks of a phrase; null where the text is not this phrase. */
  private filled(parts: readonly Part[], text: string): Filled | null {
    const [part, ...rest] = parts
    if (!part) return text ? null : { blanks: new Map(), weight: 0 }
    if ('text' in part) return this.afterWords(part.text, rest, text)
    for (const end of endsOf(part.kind, rest[0], text)) {
      // What follows is looked at first: phrases within phrases cost more.
      const others = this.filled(rest, text.slice(end))
      const own = others && this.blank(part.kind, text.slice(0, end))
      if (!others || !own) continue
      return { blanks: new Map([[part.name, own.said], ...others.blanks]), weight: own.weight + others.weight }
    }
    return null
  }

  private afterWords(words: string, rest: readonly Part[], text: string): Filled | null {
    if (text.startsWith(words)) {
      const others = this.filled(rest, text.slice(words.length))
      return others && { blanks: others.blanks, weight: others.weight + words.length }
    }
    const last = lastBlank(rest)
    if (!last || text !== words.trimEnd()) return null
    return { blanks: new Map([[last.name, '']]), weight: text.length }
  }

  private blank(kind: Kind, text: string): Found | null {
    const asItIs = { said: plainly(text), weight: 0 }
    if (kind === '~') return text ? (this.read(text) ?? asItIs) : asItIs
    if (!text) return null
    if (kind === '_') return text.includes(' ') ? null : asItIs
    if (kind === '#') return NUMBER.test(text) ? asItIs : null
    if (kind === '!') return this.same(text)
    if (kind === '+') return text.includes(' ') ? this.read(text) : null
    if (kind === '&') return { said: text.replace(/ and (?=[^,]*$)/, this.plain.get(AND) ?? AND), weight: 0 }
    if (kind === '*') return this.each(text.split(', '))
    return asItIs
  }

  private same(text: string): Found | null {
    const said = this.plain.get(text)
    return said === undefined ? null : { said, weight: text.length }
  }

  private each(texts: string[]): Found {
    const found = texts.map((one) => this.read(one) ?? { said: one, weight: 0 })
    return {
      said: found.map(({ said }) => said).join(', '),
      weight: found.reduce((sum, { weight }) => sum + weight, 0),
    }
  }
}

/** Whether all words of a phrase stand in a text: of hundreds of phrases few do. */
function couldBe({ parts }: Phrase, text: string): boolean {
  const first = parts[0]!
  if ('text' in first && !text.startsWith(first.text.trimEnd())) return false
  return parts.every((part) => !('text' in part) || text.includes(part.text.trimEnd()))
}

/** A blank at the very end that may be empty; the space before it is gone then. */
function lastBlank(rest: readonly Part[]): { name: string } | null {
  const last = rest.length === 1 ? rest[0]! : null
  return last && 'kind' in last && last.kind === '~' ? last : null
}

/** Where a blank may end: before each place where what follows it stands. Of known phrases the longest is meant. */
function endsOf(kind: Kind, next: Part | undefined, text: string): number[] {
  if (!next || !('text' in next)) return [text.length]
  const ends: number[] = []
  for (let end = text.indexOf(next.text); end >= 0; end = text.indexOf(next.text, end + 1)) ends.push(end)
  if (!ends.length && text && next.text === ' ') ends.push(text.length)
  return kind === '!' ? ends.reverse() : ends
}

/** Numbers and quotation marks are those of the language; everything else is what it is. */
function plainly(text: string): string {
  if (NUMBER.test(text) && /[.,%]/.test(text))
    return text.replace(/,/g, '\u202f').replace('.', ',').replace(/\s?%/, '\u00a0%')
  const quoted = /^(['"])(.*)\1$/.exec(text)
  return quoted ? `«\u00a0${quoted[2]}\u00a0»` : text
}

function written(phrase: Phrase, blanks: Map<string, string>): string {
  const [one, many] = phrase.said.split(' | ')
  const count = [...blanks.values()].map((value) => /^\d+/.exec(value)?.[0]).find((value) => value !== undefined)
  const form = many !== undefined && Number(count) > 1 ? many : one!
  return form
    .replace(/ (?=[:;?!»])|(?<=«) /g, '\u00a0')
    .replace(/(\bde )?\{(\w+)\}/g, (_, of: string | undefined, name: string) => {
      const value = blanks.get(name) ?? ''
      return of && /^[aeiouàâéèêëîïôûœ]/i.test(value) ? `d’${value}` : `${of ?? ''}${value}`
    })
    .trimEnd()
}
