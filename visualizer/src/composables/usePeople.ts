import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import type { Person } from '@/api/client'
import { listPeople } from '@/api/library'
import { listTotals } from '@/api/people'
import { rowsOf } from '@/lib/peopleRows'

/** The people of a project with their totals; `isWorking` says whether these change by the second. */
export function usePeople(project: () => string, isWorking: () => boolean = () => false) {
  // Of thousands the first ones are shown before all are there.
  const early = shallowRef<Person[]>([])
  const people = useQuery({
    queryKey: ['people', project],
    queryFn: ({ signal }) => listPeople(project(), signal, (some) => (early.value = some.slice())),
  })
  const totals = useQuery({
    queryKey: ['people', project, 'totals'],
    queryFn: ({ signal }) => listTotals(project(), signal),
    refetchInterval: (): number | false => (isWorking() ? 4000 : false),
  })
  const known = computed(() => people.data.value ?? early.value)
  const rows = computed(() => rowsOf(known.value, totals.data.value))
  return { people, totals, rows, isLoading: computed(() => people.isPending.value && known.value.length === 0) }
}
