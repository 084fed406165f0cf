import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Appearance, ProjectVideo } from '@/api/client'
import { getProjectVideo, listPeople } from '@/api/library'
import { appearancesWithin, listAppearances, listSaid, listShots, listTracks } from '@/api/tracks'
import { type Cuts, pending, type Seen, untold, wholeTrack } from '@/lib/appearances'
import { isOf } from '@/lib/mediaFragments'
import { useJobs } from './useJobs'
import { useShown } from './useShown'

export interface VideoKey {
  project: () => string
  videoId: () => string
  fragment: () => string
  /** Where the film is opened, in seconds. */
  start?: number
}

/** How often an analysis under way is asked how far it is, and what it has found. */
const LOOK_MS = 2000
const FOUND_MS = 5000
/** Around where the film is opened: what is known of so much comes first. */
const NEAR_S = 30
/** Jobs after which people may be called otherwise. */
const NAMING = ['derive', 'identify', 'cluster', 'learn', 'erase']

export function appearancesKey({ project, videoId, fragment }: VideoKey): string[] {
  return ['appearances', project(), videoId(), fragment()]
}

/** All that is known of a video in a project, apart from the samples of its tracks. */
export function useVideoData(key: VideoKey) {
  const queries = useQueryClient()
  const { project, videoId, fragment } = key
  // What has come of a long list so far is shown before all of it is there.
  const early = shallowRef<Appearance[]>([])

  // Jobs of ours and of others: one may begin the analysis anew.
  const { live } = useJobs(project)
  const locator = ref('')
  const isAtWork = computed(
    () => locator.value !== '' && live.value.some(({ params }) => isOf(String(params.video), locator.value)),
  )
  const member = useQuery({
    queryKey: ['project-video', project, videoId, fragment],
    queryFn: ({ signal }) => getProjectVideo(project(), videoId(), fragment(), signal),
    refetchInterval: ({ state: { data } }) => {
      if (isUnderWay(data?.status) || isAtWork.value) return LOOK_MS
      // Who appears is worked out after the analysis, by somebody whom we may not hear of.
      return data && !hasNames(data) ? FOUND_MS : false
    },
  })
  watch(
    () => member.data.value?.video.locator,
    (now) => (locator.value = now ?? ''),
    { immediate: true },
  )
  const status = computed(() => member.data.value?.status ?? null)
  const analysisId = computed(() => member.data.value?.analysis_id ?? '')
  const isDerived = computed(() => member.data.value !== undefined && hasNames(member.data.value))
  /** Nobody was asked yet who is to be seen: there is no more than the tracks that were found so far. */
  const isFirst = computed(() => status.value !== null && status.value !== 'COMPLETE' && !isDerived.value)
  const appearances = useQuery({
    queryKey: ['appearances', project, videoId, fragment],
    queryFn: ({ signal }) =>
      listAppearances(project(), videoId(), fragment(), signal, (items) => {
        // The first ones at once, then all: lanes that change place ten times help nobody.
        if (!early.value.length) early.value = items.slice()
      }),
    // In the first analysis of a video nobody appears yet, and there is no such list.
    enabled: () => !isFirst.value,
    structuralSharing: false,
  })
  watch(isDerived, (now, before) => {
    if (now && !before && appearances.isFetched.value) void queries.invalidateQueries({ queryKey: appearancesKey(key) })
  })
  // Who is opened in the middle of a long film waits for that part alone.
  const near = [Math.max((key.start ?? 0) - NEAR_S, 0), (key.start ?? 0) + 2 * NEAR_S] as const
  const nearby = useQuery({
    queryKey: ['nearby', project, videoId, fragment, ...near],
    queryFn: ({ signal }) => appearancesWithin(project(), videoId(), fragment(), ...near, signal),
    enabled: () => appearances.data.value === undefined && near[0] > 0,
    staleTime: Infinity,
  })

  const said = useQuery({
    queryKey: ['decisions', project, videoId],
    queryFn: ({ signal }) => listSaid(project(), videoId(), signal),
  })
  /** A project without a model asked nobody: what was found can be named by people, one face after the other. */
  const isBare = computed(() => status.value === 'COMPLETE' && !isDerived.value && said.data.value?.length === 0)
  const found = useQuery({
    queryKey: ['found', project, videoId, fragment, analysisId],
    queryFn: ({ signal }) => listTracks(project(), videoId(), fragment(), signal),
    enabled: () => isFirst.value || isBare.value,
    refetchInterval: () => (isUnderWay(status.value) ? FOUND_MS : false),
  })
  const shots = useQuery({
    queryKey: ['shots', analysisId, () => status.value === 'COMPLETE', () => found.dataUpdatedAt.value],
    queryFn: ({ signal }) => listShots(analysisId.value, signal),
    enabled: () => analysisId.value !== '',
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
  const people = useQuery({ queryKey: ['people', project], queryFn: ({ signal }) => listPeople(project(), signal) })
  // Counts the analyses that ended while the page was open: tracks of another one have other numbers.
  const nEnded = ref(0)
  watch(analysisId, (_, before) => before && nEnded.value++)
  const isUnsettled = computed(() => isAtWork.value || isUnderWay(status.value))
  watch(isUnsettled, (now, before) => {
    if (now || !before) return
    nEnded.value++
    void queries.invalidateQueries()
  })

  // Names that touch many tracks follow by a job, and others are trained: what it changed is read when it has ended.
  const naming = computed(() => live.value.filter(({ kind }) => NAMING.includes(kind)).length)
  watch(naming, (now, before) => {
    if (now < before) void queries.invalidateQueries({ queryKey: ['appearances', project()] })
  })

  const cuts = computed((): Cuts => {
    const times = new Map<number, number[]>()
    for (const { verb, target, npt } of said.data.value ?? []) {
      if (verb !== 'split' || target.analysis_id !== analysisId.value) continue
      const whole = wholeTrack(target.track_id)
      times.set(
        whole,
        [...(times.get(whole) ?? []), npt].sort((a, b) => a - b),
      )
    }
    return times
  })

  const seen = computed((): readonly Seen[] => {
    if (isFirst.value) return (found.data.value ?? []).map(pending)
    if (isBare.value) return (found.data.value ?? []).map(untold)
    return appearances.data.value ?? together(nearby.data.value ?? [], early.value)
  })
  const longest = computed(() => seen.value.reduce((end, one) => Math.max(end, one.end_npt), 0))
  const duration = computed(() => Math.max(longest.value, member.data.value?.video.duration ?? 0))
  const { state, error, isBusy } = useShown(member)

  return {
    member: member.data,
    video: computed(() => member.data.value?.video),
    seen,
    said: said.data,
    cuts,
    isFirst,
    isComplete: computed(() => appearances.data.value !== undefined),
    /** Changes with the analysis: what is known of its tracks is of no use any more. */
    edition: nEnded,
    /** Changes when an analysis under way has found more. */
    version: computed(() => (isFirst.value ? found.dataUpdatedAt.value : 0)),
    shots: shots.data,
    people: people.data,
    analysisId,
    duration,
    state,
    error,
    isBusy,
    again: () => void queries.invalidateQueries(),
  }
}

/** Whether it was worked out already who appears. */
function hasNames({ n_people, n_unknown }: ProjectVideo): boolean {
  return (n_people ?? 0) + (n_unknown ?? 0) > 0
}

/** Each appearance once. */
function together(some: readonly Appearance[], others: readonly Appearance[]): Appearance[] {
  const known = new Set(some.map((one) => one.track_id))
  return [...some, ...others.filter((one) => !known.has(one.track_id))]
}

function isUnderWay(status: string | null | undefined): boolean {
  return status === 'QUEUED' || status === 'RUNNING'
}
