import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { ApiError } from '@/api/client'
import { type Found, searchPhoto, searchTrack } from '@/api/search'
import type { SearchView } from '@/lib/addresses'
import { looser } from '@/lib/likeness'
import { byAnalysis, foundPlayables } from '@/lib/playable'
import { usePhotos } from '@/stores/photos'
import { useCalled } from './useCalled'
import { useShown } from './useShown'

/** Where a face appears: that of a photo, or of a track. */
export function useFaceSearch(project: () => string, view: () => SearchView) {
  const photos = usePhotos()
  const called = useCalled()
  const photo = computed(() => photos.of(view().photo))
  const isWanted = computed(() => view().by === 'face' && (view().track !== '' || photo.value !== null))
  const subject = computed(() => (view().track ? `track ${view().track}` : `photo ${view().photo} ${view().face}`))

  function ask(minScore: number | undefined, signal: AbortSignal): Promise<Found> {
    return view().track
      ? searchTrack(project(), view().track, minScore, signal)
      : searchPhoto(project(), photo.value!, view().face, minScore, signal)
  }

  const options = {
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    retry: (count: number, error: Error) => error instanceof ApiError && error.status === 0 && count < 2,
  }
  const usual = useQuery({
    queryKey: ['search', 'face', project, subject],
    queryFn: ({ signal }) => ask(undefined, signal),
    enabled: isWanted,
    ...options,
  })
  // How low to go stands in the first answer: it depends on the engine.
  const loose = useQuery({
    queryKey: ['search', 'face', project, subject, 'loose'],
    queryFn: ({ signal }) => ask(looser(usual.data.value!.alike), signal),
    enabled: () => isWanted.value && view().loose && usual.data.value !== undefined,
    ...options,
  })

  const found = computed(() => {
    if (!isWanted.value) return undefined
    return (view().loose ? loose.data.value : undefined) ?? usual.data.value
  })
  const moments = computed(() =>
    found.value
      ? foundPlayables(
          found.value.moments.map((one) => ({ ...one, name: called(one) })),
          byAnalysis(found.value.videos),
        )
      : [],
  )
  const shown = [useShown(usual), useShown(loose)] as const
  const failed = computed(() => shown.find(({ state }) => state.value === 'error') ?? null)
  const error = computed(() => failed.value?.error.value ?? null)
  return {
    photo,
    /** The address names a photo that this tab does not have: it was loaded anew, or sent to somebody else. */
    isPhotoGone: computed(() => view().by === 'face' && !view().track && view().photo !== '' && photo.value === null),
    isWanted,
    isFetching: computed(() => usual.isFetching.value || loose.isFetching.value),
    isPlaceholder: computed(() => usual.isPlaceholderData.value),
    found,
    moments,
    error,
    isBusy: computed(() => failed.value?.isBusy.value ?? false),
    hasNoFace: computed(() => error.value instanceof ApiError && error.value.code === 'no_face'),
    again: () => void (usual.data.value === undefined ? usual.refetch() : loose.refetch()),
  }
}
