import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { whoAmI } from '@/api/session'

/**
 * What whoever looks may do. What changes something bears `data-edits`, and is not there for those who may only look; until the
 * server has said who that is, all is there: it refuses what it must.
 */
export function useMay() {
  const { data } = useQuery({ queryKey: ['session'], queryFn: ({ signal }) => whoAmI(signal), staleTime: Infinity })
  return { mayEdit: computed(() => data.value?.role !== 'viewer') }
}
