import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { allMoments, listMoments, type MomentQuestion } from '@/api/search'
import type { SearchView } from '@/lib/addresses'
import { byAnalysis, grouped, jointPlayables, type Playable } from '@/lib/playable'
import { idOf } from '@/lib/whom'
import { useCalled } from './useCalled'

/** The moments at which people are together, page after page as they are wanted. */
export function useTogether(project: () => string, view: () => SearchView) {
  const question = computed(() => questionOf(view()))
  const query = useInfiniteQuery({
    queryKey: ['search', 'moments', project, question],
    queryFn: ({ pageParam, signal }) => listMoments(project(), question.value, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    enabled: () => view().by === 'people' && view().present.length > 0,
    placeholderData: keepPreviousData,
  })
  const pages = computed(() => query.data.value?.pages ?? [])
  const first = computed(() => pages.value[0])
  const programmes = computed(() => byAnalysis(pages.value.flatMap((page) => page.videos)))
  const called = useCalled()
  const names = computed(() => (first.value?.present ?? []).map(called))
  const moments = computed(() =>
    jointPlayables(
      pages.value.flatMap((page) => page.items),
      programmes.value,
      names.value,
    ),
  )
  const groups = computed(() => grouped(moments.value, programmes.value))
  /** What people are called whom the address names, before any list of people is there. */
  const nameOf = computed(
    () =>
      new Map([...(first.value?.present ?? []), ...(first.value?.absent ?? [])].map((one) => [idOf(one), called(one)])),
  )

  /** All moments, those that are not shown yet among them. */
  async function everything(): Promise<Playable[]> {
    const { items, videos } = await allMoments(project(), question.value)
    return jointPlayables(items, byAnalysis(videos), names.value)
  }

  return { query, first, moments, groups, nameOf, everything }
}

function questionOf(view: SearchView): MomentQuestion {
  return {
    with: view.present.join('/'),
    without: view.absent.join('/'),
    gap_s: view.gap,
    min_s: view.min,
    from: view.from,
    to: view.to,
    confidence: view.confidence,
    human: view.human,
    sort: view.sort,
  }
}
