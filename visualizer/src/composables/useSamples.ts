import { onScopeDispose, shallowRef, triggerRef, watch } from 'vue'
import { samplesWithin } from '@/api/tracks'
import { joined, type Series } from '@/lib/boxes'
import { needed } from '@/lib/windows'

const WINDOW_S = 20
const AHEAD = 2
const PARALLEL = 2
const RETRY_MS = 3000

export interface SamplesOptions {
  project: () => string
  videoId: () => string
  fragment: () => string
  duration: () => number
  npt: () => number
  /** Changes with the analysis: its tracks have other numbers. */
  edition: () => string
  /** Changes when an analysis under way has found more: what was loaded may be longer now. */
  version: () => number
}

/**
 * The samples of all tracks around the time that is shown, loaded in windows and kept: a two-hour film of 200,000 samples takes some
 * 5 MB. They belong to the analysis, so that no decision changes them.
 */
export function useSamples(options: SamplesOptions) {
  const tracks = shallowRef(new Map<number, Series>())
  const windows = new Map<number, 'loading' | 'loaded'>()
  const stop = new AbortController()
  let timer = 0

  async function load(at: number): Promise<void> {
    windows.set(at, 'loading')
    const edition = options.edition()
    try {
      const from = at * WINDOW_S
      const found = await samplesWithin(
        options.project(),
        options.videoId(),
        options.fragment(),
        from,
        from + WINDOW_S,
        stop.signal,
      )
      if (edition !== options.edition()) return
      for (const [id, series] of found) {
        const known = tracks.value.get(id)
        tracks.value.set(id, known ? joined([known, series]) : series)
      }
      windows.set(at, 'loaded')
      triggerRef(tracks)
      look()
    } catch {
      if (edition === options.edition()) windows.delete(at)
      clearTimeout(timer)
      if (!stop.signal.aborted) timer = window.setTimeout(look, RETRY_MS)
    }
  }

  function look(): void {
    if (!options.duration()) return
    const busy = [...windows.values()].filter((state) => state === 'loading').length
    const missing = needed(options.npt(), WINDOW_S, options.duration(), AHEAD).filter((at) => !windows.has(at))
    for (const at of missing.slice(0, Math.max(PARALLEL - busy, 0))) void load(at)
  }

  watch(options.edition, () => {
    windows.clear()
    tracks.value = new Map()
    look()
  })
  watch(options.version, () => {
    for (const [at, state] of windows) if (state === 'loaded') windows.delete(at)
    look()
  })
  watch([() => Math.floor((options.npt() / WINDOW_S) * 2), options.duration], look, { immediate: true })
  onScopeDispose(() => {
    stop.abort()
    clearTimeout(timer)
  })

  return { tracks }
}
