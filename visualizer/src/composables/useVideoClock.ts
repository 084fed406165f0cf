import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import { clamp } from '@/lib/letterbox'
import { insideFrame } from '@/lib/time'

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8]

/** By then the frame that was sought has been told of, if it ever is. */
const SETTLED_MS = 300

export interface ClockOptions {
  video: Ref<HTMLVideoElement | null>
  /** Frames a second; 0 where it is not known. */
  rate: () => number
  /** Seconds, as the server measured them: known before the player knows them. */
  duration: () => number
  /** What the player says when the film begins: its clock is that of the file, all other times count from the beginning. */
  start: () => number
  /** Is told when each frame that is shown begins, at the moment when it is shown. */
  onFrame: (npt: number) => void
}

/**
 * The player: what it shows, to the frame, and what it is told to do.
 *
 * `requestVideoFrameCallback` says of each frame that is handed to the screen when it begins, while playing and after a seek; what
 * `currentTime` says runs ahead of that.
 */
export function useVideoClock({ video, rate, duration, start, onFrame }: ClockOptions) {
  const npt = ref(0)
  const isPlaying = ref(false)
  const speed = ref(1)
  const size = shallowRef({ width: 0, height: 0 })
  const state = ref<'loading' | 'ready' | 'error'>('loading')
  /** Where it is to be, and where the player was sent last: null when it is there. */
  let wanted: number | null = null
  let sent: number | null = null
  let callback = 0

  function shown(time: number): void {
    npt.value = time
    onFrame(time)
  }

  function listen(element: HTMLVideoElement): void {
    callback = element.requestVideoFrameCallback((_, { mediaTime }) => {
      const begins = mediaTime - start()
      // On the way to where the player was sent, other frames are shown and drawn; the time is the one that was asked for.
      if (wanted === null || isShownAt(wanted, begins)) shown(begins)
      else onFrame(begins)
      listen(element)
    })
  }

  const length = (): number => 1 / (rate() || 25)

  /** Whether the frame that begins then is the one to be seen at a time. */
  function isShownAt(time: number, begins: number): boolean {
    return time - begins >= -length() / 8 && time - begins <= 1.2 * length()
  }

  /** A frame is known by its beginning, and sought in its middle. */
  function beginning(target: number): number {
    return rate() ? Math.max(target - length() / 2, 0) : target
  }

  /** A frame that was handed to the screen before the seek may be told of after it, and the new one not at all. */
  function settle(element: HTMLVideoElement): void {
    if (!element.paused || element.seeking || wanted !== null) return
    const now = element.currentTime - start()
    if (!isShownAt(now, npt.value)) shown(beginning(now))
  }

  function send(element: HTMLVideoElement): void {
    sent = wanted
    if (sent !== null) element.currentTime = sent + start()
  }

  watch(video, (element, _, onCleanup) => {
    if (!element) return
    const stop = new AbortController()
    const on = (event: string, heard: () => void): void =>
      element.addEventListener(event, heard, { signal: stop.signal })
    on('loadedmetadata', () => {
      size.value = { width: element.videoWidth, height: element.videoHeight }
      state.value = 'ready'
      send(element)
    })
    on('resize', () => (size.value = { width: element.videoWidth, height: element.videoHeight }))
    on('play', () => (isPlaying.value = true))
    on('pause', () => (isPlaying.value = false))
    on('ended', () => (isPlaying.value = false))
    on('ratechange', () => (speed.value = element.playbackRate))
    on('error', () => (state.value = 'error'))
    // One after the other: a player that is sent on before it has arrived shows nothing at all.
    on('seeked', () => {
      if (wanted !== sent) return send(element)
      wanted = sent = null
      setTimeout(() => settle(element), SETTLED_MS)
    })
    if (element.readyState >= HTMLMediaElement.HAVE_METADATA) element.dispatchEvent(new Event('loadedmetadata'))
    if (element.error) state.value = 'error'
    listen(element)
    onCleanup(() => {
      stop.abort()
      element.cancelVideoFrameCallback(callback)
    })
  })
  onScopeDispose(() => video.value?.pause())

  /** Go to the frame that is shown at a time. */
  function seek(time: number): void {
    go(insideFrame(clamp(time, 0, end()), rate()))
  }

  const end = (): number => duration() || video.value?.duration || 0

  function go(time: number): void {
    const target = clamp(time, 0, Math.max(end() - 1e-3, 0))
    const element = video.value
    const isBusy = element?.seeking ?? false
    wanted = target
    if (state.value === 'error') return shown(beginning(target))
    if (element && state.value === 'ready' && !isBusy) send(element)
    // The playhead follows the hand at once; the boxes follow the picture.
    if (!isPlaying.value) npt.value = beginning(target)
  }

  /** Go on by frames: from where the one that is shown begins, which need not be a multiple of their length. */
  function step(frames: number): void {
    video.value?.pause()
    go((wanted ?? npt.value + length() / 2) + frames * length())
  }

  async function play(): Promise<void> {
    // A browser may refuse sound before anybody touched the page.
    await video.value?.play().catch(() => undefined)
  }

  /** What the player says of itself; its event comes later, and keys may be quicker. */
  function isUnderWay(): boolean {
    return video.value !== null && !video.value.paused
  }

  async function toggle(): Promise<void> {
    if (isUnderWay()) video.value?.pause()
    else {
      setSpeed(1)
      await play()
    }
  }

  function setSpeed(value: number): void {
    if (video.value) video.value.playbackRate = value
    speed.value = value
  }

  /** Play, and if it plays already, play faster. */
  async function faster(): Promise<void> {
    if (!isUnderWay()) return toggle()
    setSpeed(SPEEDS.find((one) => one > speed.value) ?? SPEEDS.at(-1)!)
  }

  /** Load the film once more where it could not be had, and go on from where it was. */
  function reload(): void {
    if (state.value !== 'error' || !video.value) return
    state.value = 'loading'
    wanted = npt.value
    video.value.load()
  }

  return {
    npt,
    isPlaying,
    speed,
    size,
    state,
    seek,
    step,
    play,
    toggle,
    faster,
    setSpeed,
    reload,
    pause: () => video.value?.pause(),
  }
}

export type VideoClock = ReturnType<typeof useVideoClock>
