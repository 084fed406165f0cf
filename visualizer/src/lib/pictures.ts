/** Training pictures: what state one is in, and what a change makes of it before the server has answered. */

export interface PictureLike {
  sha256: string
  person_id: string
  state: string
  reason: string
  state_by: string
  aligned_path: string | null
  engine: string | null
}

/** What is to become of a picture; the fields are those that the server takes. */
export interface Change {
  sha256: string
  expected_state: string
  expected_person: string
  person_id: string
  enabled: boolean | null
  reason: string
  put_back: { state: string; reason: string; state_by: string } | null
}

/** `on` trains; `off` was switched off by somebody; `aside` by the program; `useless` never can; `waiting` was not looked at yet. */
export type Standing = 'on' | 'off' | 'aside' | 'useless' | 'waiting'

const ASIDE = ['outlier', 'duplicate', 'tiny', 'blurred', 'profile', 'drawing', 'no_embedding']

export function standingOf({ state, aligned_path, engine }: PictureLike): Standing {
  if (state === 'disabled') return 'off'
  if (state === 'active') return aligned_path === null && engine === null ? 'waiting' : 'on'
  return ASIDE.includes(state) && aligned_path !== null ? 'aside' : 'useless'
}

export type Wish = { to: 'on' | 'off' } | { to: 'person'; personId: string }

/** Whether a wish changes anything of a picture, and can. */
export function applies(picture: PictureLike, wish: Wish): boolean {
  const standing = standingOf(picture)
  if (wish.to === 'person') return picture.person_id !== wish.personId
  if (wish.to === 'on') return standing === 'aside' || (standing === 'off' && picture.aligned_path !== null)
  return standing === 'on' || standing === 'waiting'
}

/** What clicking a picture means: the other of on and off. */
export function turned(picture: PictureLike): Wish {
  const standing = standingOf(picture)
  return { to: standing === 'on' || standing === 'waiting' ? 'off' : 'on' }
}

export function changeOf(picture: PictureLike, wish: Wish): Change {
  return {
    sha256: picture.sha256,
    expected_state: picture.state,
    expected_person: picture.person_id,
    person_id: wish.to === 'person' ? wish.personId : '',
    enabled: wish.to === 'person' ? null : wish.to === 'on',
    reason: '',
    put_back: null,
  }
}

/** The pictures of a person as they will be; those that go to somebody else are gone. */
export function foreseen<T extends PictureLike>(
  pictures: readonly T[],
  changes: readonly Change[],
  personId: string,
): T[] {
  const wanted = new Map(changes.map((change) => [change.sha256, change]))
  return pictures.flatMap((picture) => {
    const change = wanted.get(picture.sha256)
    if (!change) return [picture]
    if (change.person_id && change.person_id !== personId) return []
    if (change.put_back) return [{ ...picture, ...change.put_back }]
    if (change.enabled === null) return [picture]
    const state = change.enabled ? 'active' : 'disabled'
    return [{ ...picture, state, reason: change.enabled ? '' : change.reason, state_by: 'human' }]
  })
}

/** What gives pictures back what they were `before`; `now` is what they have become. */
export function inverse(before: readonly PictureLike[], now: readonly PictureLike[]): Change[] {
  const known = new Map(before.map((picture) => [picture.sha256, picture]))
  return now.flatMap((after) => {
    const was = known.get(after.sha256)
    if (!was) return []
    const isSame = was.state === after.state && was.reason === after.reason && was.state_by === after.state_by
    const { state, reason, state_by } = was
    return [
      {
        sha256: after.sha256,
        expected_state: after.state,
        expected_person: after.person_id,
        person_id: was.person_id === after.person_id ? '' : was.person_id,
        enabled: null,
        reason: '',
        put_back: isSame || standingOf(was) === 'useless' ? null : { state, reason, state_by },
      },
    ]
  })
}

export const ORDERS = ['doubt', 'state', 'newest'] as const
export type Order = (typeof ORDERS)[number]

interface Ordered extends PictureLike {
  likeness: number | null
  path: string
  provenance: { date: string }
}

const RANK: Record<Standing, number> = { waiting: 0, aside: 1, off: 2, on: 3, useless: 4 }

/** In an order: least like the others first, by state, or the last that came first. */
export function ordered<T extends Ordered>(pictures: readonly T[], order: Order): T[] {
  const byPath = (a: T, b: T): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
  const doubt = (one: T): number => one.likeness ?? 2
  const byDoubt = (a: T, b: T): number => doubt(a) - doubt(b) || byPath(a, b)
  if (order === 'doubt') return [...pictures].sort(byDoubt)
  if (order === 'state') return [...pictures].sort((a, b) => RANK[standingOf(a)] - RANK[standingOf(b)] || byDoubt(a, b))
  return [...pictures].sort((a, b) => b.provenance.date.localeCompare(a.provenance.date) || byPath(a, b))
}
