import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import type { Person } from '@/api/client'
import { listPeople } from '@/api/library'
import { listTotals } from '@/api/people'
import { rowsOf } from '@/lib/peopleRows'

/** The people of a project with their totals; `isWorking` says whether these change by the second. */
export function usePeople(project: () => string, isWorking: () => boolean = () => false) {
  // Of thousands the first ones are shown before all are there. They are put in order once, and once more with all others.
  const early = shallowRef<{ of: string; people: Person[] }>({ of: '', people: [] })
  const first = computed(() => (early.value.of === project() ? early.value.people : []))
  function heard(of: string, some: Person[]): void {
    if (early.value.of !== of || !early.value.people.length) early.value = { of, people: some.slice() }
  }
  const people = useQuery({
    queryKey: ['people', project],
    queryFn: ({ signal }) => {
      const of = project()
      return listPeople(of, signal, (some) => heard(of, some))
    },
  })
  const totals = useQuery({
    queryKey: ['people', project, 'totals'],
    queryFn: ({ signal }) => listTotals(project(), signal),
    refetchInterval: (): number | false => (isWorking() ? 4000 : false),
    // Counting takes the server longer than naming: who is there comes before how much there is of them.
    enabled: () => people.data.value !== undefined || first.value.length > 0 || people.isError.value,
  })
  const known = computed(() => people.data.value ?? first.value)
  const rows = computed(() => rowsOf(known.value, totals.data.value))
  return { people, totals, rows, isLoading: computed(() => people.isPending.value && known.value.length === 0) }
}
