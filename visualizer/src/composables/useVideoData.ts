import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import type { Appearance } from '@/api/client'
import { getVideo, listPeople } from '@/api/library'
import { getOverview, listAppearances, listDecisions, listShots } from '@/api/tracks'
import { type Cuts, wholeTrack } from '@/lib/appearances'
import { useShown } from './useShown'

export interface VideoKey {
  project: () => string
  videoId: () => string
  fragment: () => string
}

export function appearancesKey({ project, videoId, fragment }: VideoKey): string[] {
  return ['appearances', project(), videoId(), fragment()]
}

/** All that is known of a video in a project, apart from the samples of its tracks. */
export function useVideoData(key: VideoKey) {
  const queries = useQueryClient()
  const { project, videoId, fragment } = key
  // What has come of a long list so far is shown before all of it is there.
  const early = shallowRef<Appearance[]>([])

  const video = useQuery({
    queryKey: ['video', videoId],
    queryFn: ({ signal }) => getVideo(videoId(), signal),
    staleTime: 60_000,
  })
  const overview = useQuery({
    queryKey: ['overview', project, videoId, fragment],
    queryFn: ({ signal }) => getOverview(project(), videoId(), fragment(), signal),
  })
  const appearances = useQuery({
    queryKey: ['appearances', project, videoId, fragment],
    queryFn: ({ signal }) =>
      listAppearances(project(), videoId(), fragment(), signal, (items) => (early.value = items.slice())),
    structuralSharing: false,
  })
  const analysisId = computed(() => overview.data.value?.analysis_id ?? '')
  const shots = useQuery({
    queryKey: ['shots', analysisId],
    queryFn: ({ signal }) => listShots(analysisId.value, signal),
    enabled: () => analysisId.value !== '',
    staleTime: Infinity,
  })
  const people = useQuery({ queryKey: ['people', project], queryFn: ({ signal }) => listPeople(project(), signal) })

  const decisions = useQuery({
    queryKey: ['decisions', project],
    queryFn: ({ signal }) => listDecisions(project(), signal),
  })
  const cuts = computed((): Cuts => {
    const found = new Map<number, number[]>()
    for (const { verb, target, npt } of decisions.data.value ?? []) {
      if (verb !== 'split' || target.analysis_id !== analysisId.value) continue
      const whole = wholeTrack(target.track_id)
      found.set(
        whole,
        [...(found.get(whole) ?? []), npt].sort((a, b) => a - b),
      )
    }
    return found
  })

  const duration = computed(() => Math.max(overview.data.value?.duration ?? 0, video.data.value?.duration ?? 0))
  const seen = computed(() => appearances.data.value ?? early.value)
  const { state, error, isBusy } = useShown(video, overview)

  function again(): void {
    void queries.invalidateQueries()
  }

  return {
    video: video.data,
    seen,
    cuts,
    isComplete: computed(() => appearances.data.value !== undefined),
    shots: shots.data,
    people: people.data,
    analysisId,
    duration,
    state,
    error,
    isBusy,
    again,
  }
}
