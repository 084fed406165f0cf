import { onScopeDispose, type Ref, ref, watch } from 'vue'

export interface Stretch {
  start: number
  end: number
}

/**
 * A player of one stretch of a film: it begins at its start and stops at its end, to the frame.
 *
 * @param begins What the player says when the film begins: its clock is that of the file.
 */
export function useInterval(video: Ref<HTMLVideoElement | null>, stretch: () => Stretch, begins: () => number) {
  const npt = ref(stretch().start)
  const isPlaying = ref(false)
  const state = ref<'loading' | 'ready' | 'error'>('loading')
  let isWanted = false
  let callback = 0

  function watchFrames(element: HTMLVideoElement): void {
    callback = element.requestVideoFrameCallback((_, { mediaTime }) => {
      npt.value = mediaTime - begins()
      if (npt.value >= stretch().end && !element.paused) element.pause()
      watchFrames(element)
    })
  }

  watch(
    video,
    (element, _, onCleanup) => {
      if (!element) return
      const stop = new AbortController()
      const on = (event: string, heard: () => void): void =>
        element.addEventListener(event, heard, { signal: stop.signal })
      state.value = 'loading'
      on('loadedmetadata', () => {
        state.value = 'ready'
        seek(npt.value)
        if (isWanted) void play()
      })
      on('play', () => (isPlaying.value = true))
      on('pause', () => (isPlaying.value = false))
      on('ended', () => {
        isPlaying.value = false
        npt.value = stretch().end
      })
      on('error', () => (state.value = 'error'))
      watchFrames(element)
      onCleanup(() => {
        stop.abort()
        element.cancelVideoFrameCallback(callback)
        isPlaying.value = false
      })
    },
    { immediate: true },
  )
  onScopeDispose(() => video.value?.pause())

  function seek(to: number): void {
    npt.value = Math.min(Math.max(to, stretch().start), stretch().end)
    if (video.value) video.value.currentTime = npt.value + begins()
  }

  /** Play, from the start where the end was reached. */
  async function play(): Promise<void> {
    isWanted = true
    const element = video.value
    if (!element || element.readyState < 1) return
    if (npt.value >= stretch().end - 0.05 || npt.value < stretch().start) seek(stretch().start)
    // A browser may forbid to play before anybody has touched the page; the button is still there.
    await element.play().catch(() => undefined)
  }

  function pause(): void {
    isWanted = false
    video.value?.pause()
  }

  return { npt, isPlaying, state, play, pause, seek, toggle: () => (isPlaying.value ? pause() : void play()) }
}
