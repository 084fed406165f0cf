import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { getStatistics, type StatisticsQuestion } from '@/api/search'
import type { StatisticsView } from '@/lib/addresses'

/** The figures of a project; those of before stay while others are counted. */
export function useStatistics(project: () => string, view: () => StatisticsView) {
  const question = computed((): StatisticsQuestion => ({
    from: view().from,
    to: view().to,
    videos: view().videos.join('/'),
    confidence: view().confidence,
    human: view().human,
    unknown: view().unknown,
    top: view().top,
  }))
  return useQuery({
    queryKey: ['statistics', project, question],
    queryFn: ({ signal }) => getStatistics(project(), question.value, signal),
    placeholderData: keepPreviousData,
  })
}
