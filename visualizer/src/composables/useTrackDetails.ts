import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch } from 'vue'
import { urls } from '@/api/client'
import { listReferences } from '@/api/library'
import { bestSamples } from '@/api/tracks'
import { type Entry, isSaid, trackName, wholeTrack } from '@/lib/appearances'

const N_BEST = 6
const N_CANDIDATES = 3
const N_REFERENCES = 4
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
    nameNow,
    () => {
      clearTimeout(timer)
      timer = window.setTimeout(() => (settled.value = nameNow()), settled.value ? SETTLED_MS : 0)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))

  /** The track, and which part of its time is meant: pieces of one that was cut share its samples. */
  function nameNow(): string {
    const now = entry()
    if (!now || isSaid(now)) return ''
    return [trackName(now.seen, wholeTrack(now.seen.track_id)), now.start, now.end].join(' ')
  }

  const samples = useQuery({
    queryKey: ['best', settled],
    queryFn: ({ signal }) => {
      const [track = '', start, end] = settled.value.split(' ')
      const within = { from: Math.max(Number(start) - 1e-3, 0), to: Number(end) + 1e-3, n: N_BEST }
      return bestSamples(track, within, signal)
    },
    enabled: () => settled.value !== '',
    staleTime: Infinity,
  })
  const best = computed(() => {
    if (!samples.data.value || settled.value !== nameNow()) return null
    const [track = ''] = settled.value.split(' ')
    return samples.data.value.map((one) => ({
      frame: one.frame_index,
      npt: one.npt,
      url: urls.sample(track, one.frame_index),
    }))
  })

  const candidates = computed(() =>
    (entry()?.seen.candidates ?? []).slice(0, N_CANDIDATES).map((one) => ({
      ...one,
      personId: one.person_id ?? personId(one.name),
    })),
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
