import { readdirSync, readFileSync } from 'node:fs'
import en from './en.json'
import fr from './fr.json'

type Tree = { [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : leaves(value, `${path}${key}.`),
  )
}

const english = new Map(leaves(en))
const french = new Map(leaves(fr))
const blanks = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort()

describe('the texts', () => {
  it('are the same ones in both languages', () => {
    expect([...french.keys()]).toEqual([...english.keys()])
  })

  it.each([...english.keys()])('%s has the same blanks and forms in both', (key) => {
    expect(blanks(french.get(key)!)).toEqual(blanks(english.get(key)!))
    expect(french.get(key)!.split(' | ').length).toBe(english.get(key)!.split(' | ').length)
  })

  it('are translated: what has three words or more is not the same in both', () => {
    const words = (text: string): number => text.replace(/\{\w+\}/g, '').match(/\p{L}{2,}/gu)?.length ?? 0
    const names = new Set(['people.example'])
    const same = [...english].filter(([key, text]) => words(text) >= 3 && french.get(key) === text && !names.has(key))
    expect(same).toEqual([])
  })

  it('are those of a French page: spaces before signs, its own quotation marks and apostrophes', () => {
    const wrong = [...french].filter(([, text]) =>
      /\w[;?!]|[“”"]|\p{L}'\p{L}/u.test(text.replace(/https?:\S+|python -m .*$/g, '')),
    )
    expect(wrong).toEqual([])
  })

  it('break no line before a sign or inside quotation marks', () => {
    expect([...french].filter(([, text]) => /\S [:;?!»%]|« /.test(text))).toEqual([])
  })

  it('are all there that the code asks for', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name))
    const asked = files.flatMap((name) =>
      [...readFileSync(`src/${name}`, 'utf8').matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => match[1]!),
    )
    expect(asked.filter((key) => !english.has(key))).toEqual([])
    expect(asked.length).toBeGreaterThan(20)
  })
})
