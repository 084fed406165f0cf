// @vitest-environment happy-dom

import { effectScope, nextTick, shallowRef } from 'vue'
import { expect, it, vi } from 'vitest'
import { useInterval } from './useInterval'

/** A player that is where it is told to be, and shows frames when a test says so. */
class Player extends EventTarget {
  paused = false
  readyState = 4
  currentTime = 0
  private heard: ((now: number, frame: { mediaTime: number }) => void) | null = null

  pause = vi.fn(() => void (this.paused = true))
  play = vi.fn(async () => void (this.paused = false))
  cancelVideoFrameCallback = vi.fn()

  requestVideoFrameCallback(heard: typeof this.heard): number {
    this.heard = heard
    return 1
  }

  shows(mediaTime: number): void {
    this.heard?.(0, { mediaTime })
  }
}

it.each([0, 3])('plays a stretch of a film that begins at %s by the clock of its file', async (begins) => {
  const scope = effectScope()
  const player = new Player()
  const video = shallowRef<HTMLVideoElement | null>(null)
  const part = { start: 2, end: 4 }
  const interval = scope.run(() =>
    useInterval(
      video,
      () => part,
      () => begins,
    ),
  )!
  video.value = player as unknown as HTMLVideoElement
  await nextTick()
  player.dispatchEvent(new Event('loadedmetadata'))
  expect([interval.npt.value, player.currentTime]).toEqual([2, 2 + begins])
  player.shows(begins + 3.96)
  expect([interval.npt.value.toFixed(2), player.paused]).toEqual(['3.96', false])
  player.shows(begins + 4)
  expect([interval.npt.value, player.paused]).toEqual([4, true])
  await interval.play()
  expect([player.currentTime, player.paused]).toEqual([2 + begins, false])
  scope.stop()
})
