import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch } from 'vue'
import { urls } from '@/api/client'
import { listReferences } from '@/api/library'
import { bestSamples, getSamples } from '@/api/tracks'
import { type Entry, isSaid, trackName, wholeTrack } from '@/lib/appearances'

const N_BEST = 6
const N_CANDIDATES = 3
const N_REFERENCES = 4
const POINTS = 120
const SETTLED_MS = 200

export interface TrackDetails {
  project: () => string
  entry: () => Entry | null
  /** The id of a person by their name. */
  personId: (name: string) => string | null
  /** How many candidates are shown; 3 where nothing is said. */
  nCandidates?: number
  /** How long a track is selected before its frames are asked for, in ms. */
  settleMs?: number
}

/** What is shown of a selected track: its best frames, and the pictures of those who it may be. */
export function useTrackDetails({
  project,
  entry,
  personId,
  nCandidates = N_CANDIDATES,
  settleMs = SETTLED_MS,
}: TrackDetails) {
  // Whoever runs through a list with the brackets asks for the last one only: cutting faces out of a film costs the server time.
  const settled = ref('')
  let timer = 0
  watch(
    nameNow,
    () => {
      clearTimeout(timer)
      if (settleMs) timer = window.setTimeout(() => (settled.value = nameNow()), settled.value ? settleMs : 0)
      else settled.value = nameNow()
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  function nameNow(): string {
    const now = entry()
    return now ? partOf(now) : ''
  }

  const samples = useQuery(computed(() => ({ ...bestOf(settled.value), enabled: settled.value !== '' })))
  const best = computed(() => (settled.value === nameNow() ? (samples.data.value ?? null) : null))

  const candidates = computed(() =>
    (entry()?.seen.candidates ?? []).slice(0, nCandidates).map((one) => ({
      ...one,
      personId: one.person_id ?? personId(one.name),
    })),
  )
  const ids = computed(() => candidates.value.map((one) => one.personId).filter((id) => id !== null))
  const references = useQuery(
    computed(() => ({
      ...referencesOf(project(), ids.value),
      enabled: ids.value.length > 0,
      placeholderData: (before: Map<string, string[]> | undefined) => before,
    })),
  )
  return { best, candidates, references: references.data }
}

/** The boxes of a track. */
export function useTrackSamples(track: () => string) {
  return useQuery(computed(() => samplesOf(track()))).data
}

/** The track, and which part of its time is meant: pieces of one that was cut share its samples. */
export function partOf(entry: Entry): string {
  if (isSaid(entry)) return ''
  return [trackName(entry.seen, wholeTrack(entry.seen.track_id)), entry.start, entry.end].join(' ')
}

/** How the best frames of a part of a track are asked for, now or before they are needed. */
export function bestOf(part: string) {
  return {
    queryKey: ['best', part],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const [track = '', start, end] = part.split(' ')
      const within = { from: Math.max(Number(start) - 1e-3, 0), to: Number(end) + 1e-3, n: N_BEST }
      const found = await bestSamples(track, within, signal)
      return found.map((one) => ({
        frame: one.frame_index,
        npt: one.npt,
        url: urls.sample(track, one.frame_index),
      }))
    },
    staleTime: Infinity,
  }
}

/** How the samples of a track are asked for. */
export function samplesOf(track: string) {
  return {
    queryKey: ['samples', track],
    queryFn: ({ signal }: { signal: AbortSignal }) => getSamples(track, POINTS, signal),
    staleTime: Infinity,
  }
}

/** How the pictures of some people are asked for: addresses by the id of each. */
export function referencesOf(project: string, ids: string[]) {
  return {
    queryKey: ['references', project, ids],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const found = await Promise.all(ids.map((id) => listReferences(project, id, signal)))
      return new Map(
        ids.map((id, at) => [id, found[at]!.slice(0, N_REFERENCES).map((image) => urls.face(project, image.sha256))]),
      )
    },
    staleTime: 60_000,
  }
}
