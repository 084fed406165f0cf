import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { listPeople } from '@/api/library'
import { listTotals } from '@/api/people'
import { rowsOf } from '@/lib/peopleRows'

/** The people of a project with their totals; `isWorking` says whether these change by the second. */
export function usePeople(project: () => string, isWorking: () => boolean = () => false) {
  const refetchInterval = (): number | false => (isWorking() ? 4000 : false)
  const people = useQuery({
    queryKey: ['people', project],
    queryFn: ({ signal }) => listPeople(project(), signal),
  })
  const totals = useQuery({
    queryKey: ['people', project, 'totals'],
    queryFn: ({ signal }) => listTotals(project(), signal),
    refetchInterval,
  })
  const rows = computed(() => rowsOf(people.data.value ?? [], totals.data.value))
  return { people, totals, rows }
}
