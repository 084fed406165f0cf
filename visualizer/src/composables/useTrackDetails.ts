import { useQuery } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { type Schemas, urls } from '@/api/client'
import { listReferences } from '@/api/library'
import { getSamples } from '@/api/tracks'
import { type Entry, trackName, wholeTrack } from '@/lib/appearances'
import { bestFrames } from '@/lib/best'

const N_BEST = 6
const N_CANDIDATES = 3
const N_REFERENCES = 4
const POINTS = 120
const SETTLED_MS = 200

type Samples = Schemas['Samples']

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
    () => nameNow(),
    () => {
      clearTimeout(timer)
      if (settleMs) timer = window.setTimeout(() => (settled.value = nameNow()), settled.value ? settleMs : 0)
      else settled.value = nameNow()
    },
    { immediate: true },
  )
  function nameNow(): string {
    const seen = entry()?.seen
    return seen ? trackName(seen, wholeTrack(seen.track_id)) : ''
  }

  const samples = useQuery(computed(() => ({ ...samplesOf(settled.value), enabled: settled.value !== '' })))
  const best = computed(() => {
    const now = entry()
    if (!now || settled.value !== nameNow() || !samples.data.value) return null
    return framesOf(now, samples.data.value)
  })

  const candidates = computed(() =>
    (entry()?.seen.candidates ?? []).slice(0, nCandidates).map((one) => ({ ...one, personId: personId(one.name) })),
  )
  const ids = computed(() => candidates.value.map((one) => one.personId).filter((id) => id !== null))
  const references = useQuery(
    computed(() => ({
      ...referencesOf(project(), ids.value),
      enabled: ids.value.length > 0,
      placeholderData: (before: Map<string, string[]> | undefined) => before,
    })),
  )
  return { best, candidates, references: references.data, samples: samples.data }
}

/** The best frames of an appearance among the samples of its track. */
export function framesOf(entry: Entry, samples: Samples): { frame: number; npt: number; url: string }[] {
  const { frame_index, npt, qualities } = samples
  const rows = npt.map((_, row) => row).filter((row) => npt[row]! >= entry.start - 1e-3 && npt[row]! <= entry.end)
  const inside = {
    frame_index: rows.map((r) => frame_index[r]!),
    npt: rows.map((r) => npt[r]!),
    qualities: rows.map((r) => qualities[r]!),
  }
  const name = trackName(entry.seen, wholeTrack(entry.seen.track_id))
  return bestFrames(inside, N_BEST).map((one) => ({ ...one, url: urls.sample(name, one.frame) }))
}

/** How the samples of a track are asked for, now or before they are needed. */
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
