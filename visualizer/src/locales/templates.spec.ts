import { readdirSync, readFileSync } from 'node:fs'
import { babelParse, parse } from 'vue/compiler-sfc'

/** Attributes that are read by people, or aloud to them. */
const SAID =
  /^(aria-(label|description|placeholder|roledescription|valuetext)|title|subtitle|alt|placeholder|label|hint|text|messages|error-messages|no-data-text|prefix|suffix)$/
/** A word: two letters next to each other. What is less is a sign or a unit. */
const WORD = /\p{L}{2,}/u
/** What is the same in every language: our name, what stands on keys, and addresses. */
const NAMES = new Set(['FaceRec', 'Del', 'Ctrl Z'])
const ADDRESS = /^https?:\/\/\S+$/

// What is used of a template's tree: the numbers are NodeTypes of @vue/compiler-core.
const [ELEMENT, TEXT, INTERPOLATION, ATTRIBUTE, DIRECTIVE] = [1, 2, 5, 6, 7]
interface Node {
  type: number
  tag?: string
  loc: { start: { line: number } }
  content?: string | { content: string }
  name?: string
  value?: { content: string }
  arg?: { content: string }
  exp?: { content: string }
  props?: Node[]
  children?: Node[]
}
/** A node of Babel's tree; of its many kinds only those are looked at whose value may be text. */
interface Code {
  type: string
  value?: unknown
  cooked?: string
  expression?: Code
  consequent?: Code
  alternate?: Code
  left?: Code
  right?: Code
  operator?: string
  quasis?: Code[]
  elements?: (Code | null)[]
}

/** The texts that an expression may have as its value, as far as they stand in it: not what it compares or asks for. */
function literals(code: Code | null | undefined): string[] {
  switch (code?.type) {
    case 'StringLiteral':
      return [String(code.value)]
    case 'TemplateLiteral':
      return code.quasis!.map((one) => String((one.value as { cooked?: string } | undefined)?.cooked ?? ''))
    case 'ConditionalExpression':
      return [...literals(code.consequent), ...literals(code.alternate)]
    case 'LogicalExpression':
      return [...literals(code.left), ...literals(code.right)]
    case 'BinaryExpression':
      return code.operator === '+' ? [...literals(code.left), ...literals(code.right)] : []
    case 'ArrayExpression':
      return code.elements!.flatMap(literals)
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return literals(code.expression)
    default:
      return []
  }
}

function valuesOf(expression: string): string[] {
  const [statement] = babelParse(`(${expression})`, { plugins: ['typescript'] }).program.body
  return literals((statement as unknown as Code).expression)
}

/** Everything in a template that somebody would read and that comes from no locale file, with its line. */
function foreign(source: string): string[] {
  const found: string[] = []
  function look(text: string, node: Node): void {
    if (WORD.test(text) && !NAMES.has(text.trim()) && !ADDRESS.test(text))
      found.push(`${node.loc.start.line}: ${text.trim()}`)
  }
  function walk(node: Node): void {
    // What a machine is told has no language.
    if (node.tag === 'code') return
    if (node.type === TEXT) look(node.content as string, node)
    if (node.type === INTERPOLATION) {
      for (const text of valuesOf((node.content as { content: string }).content)) look(text, node)
    }
    for (const prop of node.type === ELEMENT ? node.props! : []) {
      if (prop.type === ATTRIBUTE && SAID.test(prop.name!) && prop.value) look(prop.value.content, prop)
      if (prop.type === DIRECTIVE && prop.name === 'bind' && SAID.test(prop.arg?.content ?? '') && prop.exp) {
        for (const text of valuesOf(prop.exp.content)) look(text, prop)
      }
    }
    node.children?.forEach(walk)
  }
  const { descriptor, errors } = parse(source)
  expect(errors).toEqual([])
  descriptor.template?.ast?.children.forEach((child) => walk(child as unknown as Node))
  return found
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.vue'))

describe('the templates', () => {
  it.each([
    ['<p>Hello</p>', ['1: Hello']],
    ['<p>{{ t("a.b") }} · 3 × {{ n }} %</p>', []],
    ['<p>{{ n > 1 ? "many faces" : t("one") }}</p>', ['1: many faces']],
    ['<p>{{ kind === "person" ? t("a") : t("b") }}</p>', []],
    ['<input placeholder="Your name" />', ['1: Your name']],
    ['<img alt="" /><v-btn icon="close" type="button" />', []],
    ['<v-btn :aria-label="`Frame ${n}`" />', ['1: Frame']],
    ['<v-btn :aria-label="`${t(\'a\')}: ${n}`" :class="`big ${n}`" />', []],
    ['<p>{{ t("a") }} <code>src token add</code> so</p>', ['1: so']],
    ['<p title="FaceRec">{{ a || "nobody" }}</p>', ['1: nobody']],
    ['<p><!-- a comment --><b>é</b>{{ name as string }}</p>', []],
  ])('are read as they should be: %s', (template, expected) => {
    expect(foreign(`<template>${template}</template>`)).toEqual(expected)
  })

  it.each(files)('%s has no text of its own', (name) => {
    expect(foreign(readFileSync(`src/${name}`, 'utf8'))).toEqual([])
  })

  it.each(files)('%s tells nothing from its script that is in no locale file', (name) => {
    const { descriptor } = parse(readFileSync(`src/${name}`, 'utf8'))
    const told = [
      ...(descriptor.scriptSetup?.content ?? '').matchAll(/\b(?:tell|warn|useCrumb)\(\s*(?:\(\) => )?['"`]([^'"`]+)/g),
    ]
    expect(told.map((match) => match[1])).toEqual([])
  })
})
