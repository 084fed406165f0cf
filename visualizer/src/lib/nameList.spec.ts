import { faultOf, folderName } from './folderNames'
import { counted, understood } from './nameList'

const KNOWN = new Set(['Ben_Bo'])
const read = (text: string) => understood(text, KNOWN)
const states = (text: string) => read(text).lines.map(({ state }) => state)

describe('a pasted list', () => {
  it('is one name a line; empty lines and comments say nothing', () => {
    const { people, lines } = read('\uFEFFAnn Ace\r\n\r\n# the others\nBen  Bo\n  Cléo   d’Arc ')
    expect(people.map(({ name, isKnown }) => [name, isKnown])).toEqual([
      ['Ann Ace', false],
      ['Ben Bo', true],
      ['Cléo d’Arc', false],
    ])
    expect(lines.map(({ number, state }) => [number, state])).toEqual([
      [1, 'new'],
      [4, 'known'],
      [5, 'new'],
    ])
  })

  it('tells duplicates, whatever their spaces', () => {
    expect(states('Ann Ace\nAnn_Ace\nann ace')).toEqual(['new', 'duplicate', 'new'])
  })

  it.each([
    ['a/b', 'character'],
    ['https://www.wikidata.org/wiki/Q42', 'nameless'],
    ['.hidden', 'reserved'],
    ['con', 'reserved'],
    ['a%2fb', 'escaped'],
    ['x'.repeat(201), 'long'],
    ['é'.repeat(101), 'long'],
    ['a\u0007b', 'character'],
  ])('tells that %s can be nobody’s name', (name, fault) => {
    const [line] = read(name).lines
    expect([line?.state, line?.fault]).toEqual(['invalid', fault])
    expect(read(name).people).toEqual([])
  })

  it('takes an address after a tab for a picture, or for a link to a knowledge graph', () => {
    const { people, addresses, lines } = read(
      'Ann Ace\thttps://www.wikidata.org/entity/Q1\nBob Low\thttps://x.example/b.jpg\nBob Low\thttps://x.example/c.jpg',
    )
    expect(people.map(({ name, uri }) => [name, uri])).toEqual([
      ['Ann Ace', 'https://www.wikidata.org/entity/Q1'],
      ['Bob Low', ''],
    ])
    expect(addresses.map(({ name, url }) => [name, url])).toEqual([
      ['Bob Low', 'https://x.example/b.jpg'],
      ['Bob Low', 'https://x.example/c.jpg'],
    ])
    expect(lines.map(({ state, gives }) => [state, gives])).toEqual([
      ['new', 'uri'],
      ['new', 'picture'],
      ['more', 'picture'],
    ])
  })

  it('does not take for an address what is none', () => {
    expect(states('Ann Ace\tsinger\nBob Low\tftp://x/y')).toEqual(['address', 'address'])
    expect(read('Ann Ace\tsinger').people).toEqual([])
  })

  it('leaves a comma in a name alone, and splits at semicolons as the command line does', () => {
    expect(read('Churchill, Winston\nElton John; Madonna').people.map(({ name }) => name)).toEqual([
      'Churchill, Winston',
      'Elton John',
      'Madonna',
    ])
  })

  it('reads commas and semicolons before addresses as those of a table', () => {
    const { people, addresses } = read('Ann Ace,https://x.example/a.jpg\n"Low, Bob";https://x.example/b.jpg')
    expect(people.map(({ name }) => name)).toEqual(['Ann Ace', 'Low, Bob'])
    expect(addresses.length).toBe(2)
  })

  it('understands a heading with columns in any order', () => {
    const text = 'url,name,licence,note,uri\nhttps://x.example/1.jpg,"Ace, Ann",CC0,hm,urn:ann\n,Bob Low,,,'
    const { people, addresses, lines } = read(text)
    expect(lines.map(({ state }) => state)).toEqual(['heading', 'new', 'new'])
    expect(people.map(({ name, uri }) => [name, uri])).toEqual([
      ['Ace, Ann', 'urn:ann'],
      ['Bob Low', ''],
    ])
    expect(addresses).toEqual([{ name: 'Ace, Ann', url: 'https://x.example/1.jpg', page: '', licence: 'CC0' }])
    expect(states('name;url\nAnn;nowhere')).toEqual(['heading', 'address'])
  })

  it('is counted', () => {
    expect(counted(read('Ann\nAnn\nBen Bo\na/b').lines)).toMatchObject({ new: 1, duplicate: 1, known: 1, invalid: 1 })
  })
})

it('names become the folders that the server makes of them', () => {
  expect(folderName(' Churchill \t Winston ')).toBe('Churchill_Winston')
  expect(folderName('e\u0301')).toBe('é')
  expect(faultOf('Ann')).toBeNull()
})
