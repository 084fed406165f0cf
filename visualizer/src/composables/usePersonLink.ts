import { type RouteLocationRaw, useRouter } from 'vue-router'
import { idOf, type Whom } from '@/lib/whom'
import { NO_SEARCH, writeSearch } from '@/lib/addresses'

/** Where the figures of people lead: to the page of a person, or to the moments that show them. */
export function usePersonLink(project: () => string) {
  const router = useRouter()

  function toMoments(whom: readonly Pick<Whom, 'person_id' | 'unknown_id'>[], filters = {}): RouteLocationRaw {
    const query = writeSearch({ ...NO_SEARCH, ...filters, present: whom.map(idOf) })
    return { name: 'search', params: { project: project() }, query }
  }

  function toPerson(whom: Pick<Whom, 'person_id' | 'unknown_id'>, filters = {}): RouteLocationRaw {
    if (whom.person_id === null || !router.hasRoute('person')) return toMoments([whom], filters)
    return { name: 'person', params: { project: project(), personId: whom.person_id } }
  }

  return { toMoments, toPerson, go: (where: RouteLocationRaw) => void router.push(where) }
}
