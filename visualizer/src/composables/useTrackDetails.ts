import { useQuery } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'
import { urls } from '@/api/client'
import { listReferences } from '@/api/library'
import { getSamples } from '@/api/tracks'
import { type Entry, trackName, wholeTrack } from '@/lib/appearances'
import { bestFrames } from '@/lib/best'

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
}

/** What is shown of a selected track: its best frames, and the pictures of those who it may be. */
export function useTrackDetails({ project, entry, personId }: TrackDetails) {
  // Whoever runs through a list with the brackets asks for the last one only: cutting faces out of a film costs the server time.
  const settled = ref('')
  let timer = 0
  watch(
    () => entry()?.key,
    () => {
      clearTimeout(timer)
      timer = window.setTimeout(() => (settled.value = nameNow()), settled.value ? SETTLED_MS : 0)
    },
    { immediate: true },
  )
  function nameNow(): string {
    const seen = entry()?.seen
    return seen ? trackName(seen, wholeTrack(seen.track_id)) : ''
  }

  const samples = useQuery({
    queryKey: ['samples', settled],
    queryFn: ({ signal }) => getSamples(settled.value, POINTS, signal),
    enabled: () => settled.value !== '',
    staleTime: Infinity,
  })
  const best = computed(() => {
    const now = entry()
    if (!now || settled.value !== nameNow() || !samples.data.value) return null
    const { frame_index, npt, qualities } = samples.data.value
    const rows = npt.map((_, row) => row).filter((row) => npt[row]! >= now.start - 1e-3 && npt[row]! <= now.end)
    const inside = {
      frame_index: rows.map((r) => frame_index[r]!),
      npt: rows.map((r) => npt[r]!),
      qualities: rows.map((r) => qualities[r]!),
    }
    return bestFrames(inside, N_BEST).map((one) => ({ ...one, url: urls.sample(settled.value, one.frame) }))
  })

  const candidates = computed(() =>
    (entry()?.seen.candidates ?? []).slice(0, N_CANDIDATES).map((one) => ({ ...one, personId: personId(one.name) })),
  )
  const ids = computed(() => candidates.value.map((one) => one.personId).filter((id) => id !== null))
  const references = useQuery({
    queryKey: ['references', project, ids],
    queryFn: async ({ signal }) => {
      const found = await Promise.all(ids.value.map((id) => listReferences(project(), id, signal)))
      return new Map(
        ids.value.map((id, at) => [
          id,
          found[at]!.slice(0, N_REFERENCES).map((image) => urls.face(project(), image.sha256)),
        ]),
      )
    },
    enabled: () => ids.value.length > 0,
    placeholderData: (before) => before,
    staleTime: 60_000,
  })
  return { best, candidates, references: references.data }
}
