import { MutationCache, QueryCache, QueryClient } from '@tanstack/vue-query'
import { ApiError, isAway } from '@/api/client'
import type { useConnection } from '@/stores/connection'

/** The client of all queries: it tells the page when the server is lost or wants a token, and asks again until it is back. */
export function makeQueries(connection: () => ReturnType<typeof useConnection>): QueryClient {
  const heard = (error: unknown): void => {
    if (!(error instanceof ApiError)) return
    if (error.status === 401) connection().needsToken = true
    if (isAway(error)) connection().isOffline = true
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: heard, onSuccess: () => (connection().isOffline = false) }),
    mutationCache: new MutationCache({ onError: heard, onSuccess: () => (connection().isOffline = false) }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // What is refused is refused; what is not answered may be answered in a moment.
        retry: (count, error) => isAway(error) && count < 2,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
        refetchInterval: (query) => (isAway(query.state.error) ? 3000 : false),
        // A browser that knows no network may still reach a server on its own machine.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
