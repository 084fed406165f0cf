import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { watch } from 'vue'
import { knock } from '@/api/client'
import { useConnection } from '@/stores/connection'

const IDLE_MS = 5000
const AWAY_MS = 1500
const KEY = 'alive'

/**
 * Asks now and then whether the server is there: a page on which nothing moves learns of its loss too, and all pages go on as soon as
 * it is back, with what has changed meanwhile.
 */
export function useHeartbeat(): void {
  const queries = useQueryClient()
  const connection = useConnection()
  useQuery({
    queryKey: [KEY],
    queryFn: ({ signal }) => knock(signal),
    refetchInterval: () => (connection.isOffline ? AWAY_MS : IDLE_MS),
    retry: 1,
    staleTime: 0,
  })
  watch(
    () => connection.isOffline,
    (isOffline) => {
      if (!isOffline) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY })
    },
  )
}
