import { changedFields, merged } from './merging'

const BASE = { name: 'Ann', description: 'singer', aliases: ['A'] }

describe('two who change the same person', () => {
  it('in different fields are put together', () => {
    const { values, conflicts, taken } = merged(BASE, { ...BASE, name: 'Anna' }, { ...BASE, aliases: ['A', 'B'] })
    expect(values).toEqual({ name: 'Anna', description: 'singer', aliases: ['A', 'B'] })
    expect(conflicts).toEqual([])
    expect(taken).toEqual(['aliases'])
  })

  it('in the same field are told, and what was typed here stays', () => {
    const { values, conflicts } = merged(BASE, { ...BASE, name: 'Anna' }, { ...BASE, name: 'Anne' })
    expect(values.name).toBe('Anna')
    expect(conflicts).toEqual([{ field: 'name', mine: 'Anna', theirs: 'Anne' }])
  })

  it('to the same value agree', () => {
    const both = { ...BASE, name: 'Anna' }
    expect(merged(BASE, both, { ...both })).toEqual({ values: both, conflicts: [], taken: [] })
  })

  it('only what changed is sent', () => {
    expect(changedFields(BASE, { ...BASE, aliases: [] })).toEqual({ aliases: [] })
    expect(changedFields(BASE, { ...BASE })).toEqual({})
  })
})
