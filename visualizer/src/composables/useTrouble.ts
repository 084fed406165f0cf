import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { tryFilm } from '@/api/library'

/** Why the server does not give a film that the player could not have; empty while nobody knows. */
export function useTrouble(videoId: () => string, isWanted: () => boolean): ComputedRef<string> {
  const asked = useQuery({
    queryKey: ['film', videoId],
    queryFn: ({ signal }) => tryFilm(videoId(), signal).then(() => true),
    enabled: isWanted,
    retry: false,
    gcTime: 0,
  })
  return computed(() => asked.error.value?.message ?? '')
}
