import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { getGroup, listAlike, listGroupAppearances } from '@/api/review'

/** One group, opened: where it is seen, and who looks like it. */
export function useGroup(project: () => string, unknownId: () => number) {
  const group = useQuery({
    queryKey: ['groups', project, 'one', unknownId],
    queryFn: ({ signal }) => getGroup(project(), unknownId(), signal),
  })
  const pages = useInfiniteQuery({
    queryKey: ['groups', project, 'seen', unknownId],
    queryFn: ({ pageParam, signal }) => listGroupAppearances(project(), unknownId(), pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const alike = useQuery({
    queryKey: ['groups', project, 'alike', unknownId],
    queryFn: ({ signal }) => listAlike(project(), unknownId(), signal),
  })
  return {
    group,
    pages,
    alike,
    seen: computed(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
  }
}
