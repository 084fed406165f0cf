import { applies, changeOf, foreseen, inverse, ordered, standingOf, turned } from './pictures'

const picture = (sha256: string, state = 'active', more: Record<string, unknown> = {}) => ({
  sha256,
  person_id: 'Ann',
  state,
  reason: '',
  state_by: 'machine',
  aligned_path: 'x.png' as string | null,
  engine: 'sface@1' as string | null,
  likeness: 0.8 as number | null,
  path: sha256,
  provenance: { date: '2026-01-01' },
  ...more,
})

describe('the standing of a picture', () => {
  it.each([
    ['active', {}, 'on'],
    ['active', { aligned_path: null, engine: null }, 'waiting'],
    ['disabled', {}, 'off'],
    ['outlier', {}, 'aside'],
    ['duplicate', { aligned_path: null }, 'useless'],
    ['no_face', { aligned_path: null }, 'useless'],
  ])('%s with %o is %s', (state, more, standing) => {
    expect(standingOf(picture('a', state, more))).toBe(standing)
  })

  it('says what can be done', () => {
    expect(applies(picture('a'), { to: 'on' })).toBe(false)
    expect(applies(picture('a', 'outlier'), { to: 'on' })).toBe(true)
    expect(applies(picture('a', 'no_face', { aligned_path: null }), { to: 'on' })).toBe(false)
    expect(applies(picture('a', 'no_face', { aligned_path: null }), { to: 'off' })).toBe(false)
    expect(applies(picture('a'), { to: 'person', personId: 'Ann' })).toBe(false)
    expect(turned(picture('a'))).toEqual({ to: 'off' })
    expect(turned(picture('a', 'blurred'))).toEqual({ to: 'on' })
  })
})

describe('a change', () => {
  const all = [picture('a'), picture('b', 'outlier', { reason: 'unlike the others' }), picture('c')]

  it('is foreseen, and says what it expects', () => {
    const off = changeOf(all[0]!, { to: 'off' })
    expect(off).toMatchObject({ expected_state: 'active', expected_person: 'Ann', enabled: false })
    const gone = changeOf(all[2]!, { to: 'person', personId: 'Bo' })
    const now = foreseen(all, [off, gone], 'Ann')
    expect(now.map(({ sha256, state, state_by }) => [sha256, state, state_by])).toEqual([
      ['a', 'disabled', 'human'],
      ['b', 'outlier', 'machine'],
    ])
    expect(all[0]!.state).toBe('active')
  })

  it('can be taken back with all that was there', () => {
    const after = [{ ...all[1]!, person_id: 'Bo', state: 'active', reason: '', state_by: 'human' }]
    const [back] = inverse(all, after)
    expect(back).toMatchObject({
      expected_state: 'active',
      expected_person: 'Bo',
      person_id: 'Ann',
      put_back: { state: 'outlier', reason: 'unlike the others', state_by: 'machine' },
    })
    const useless = picture('d', 'no_face', { aligned_path: null })
    expect(inverse([useless], [{ ...useless, person_id: 'Bo' }])[0]).toMatchObject({ person_id: 'Ann', put_back: null })
    expect(inverse([], after)).toEqual([])
  })
})

it('the order is by doubt, by state or by date', () => {
  const list = [
    picture('a', 'active', { likeness: 0.9 }),
    picture('b', 'disabled', { likeness: null, provenance: { date: '2026-05-01' } }),
    picture('c', 'active', { likeness: 0.1 }),
    picture('d', 'outlier', { likeness: 0.2 }),
  ]
  const names = (order: 'doubt' | 'state' | 'newest') =>
    ordered(list, order)
      .map(({ sha256 }) => sha256)
      .join('')
  expect(names('doubt')).toBe('cdab')
  expect(names('state')).toBe('dbca')
  expect(names('newest')).toBe('bacd')
})
