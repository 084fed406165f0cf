// @vitest-environment happy-dom

import { effectScope, nextTick, shallowRef } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useVideoClock } from './useVideoClock'

/** A player of a film of ten seconds, that arrives and shows frames when it is told to. */
class Player extends EventTarget {
  paused = true
  seeking = false
  readyState = 0
  error = null
  videoWidth = 640
  videoHeight = 360
  playbackRate = 1
  sent: number[] = []
  private place = 0
  private heard: ((now: number, frame: { mediaTime: number }) => void) | null = null

  get currentTime(): number {
    return this.place
  }

  set currentTime(time: number) {
    this.place = Math.min(time, 10)
    this.seeking = true
    this.sent.push(time)
  }

  requestVideoFrameCallback(heard: typeof this.heard): number {
    this.heard = heard
    return 1
  }

  cancelVideoFrameCallback(): void {
    this.heard = null
  }

  pause(): void {
    this.paused = true
  }

  shows(mediaTime: number): void {
    this.heard?.(0, { mediaTime })
  }

  arrives(): void {
    this.seeking = false
    this.dispatchEvent(new Event('seeked'))
  }
}

describe('the clock of the player', () => {
  const scope = effectScope()
  let player: Player
  let drawn: number[]
  let start: number
  let clock: ReturnType<typeof useVideoClock>

  beforeEach(async () => {
    vi.useFakeTimers()
    player = new Player()
    drawn = []
    const video = shallowRef<HTMLVideoElement | null>(null)
    const onFrame = (npt: number): void => void drawn.push(npt)
    start = 0
    clock = scope.run(() => useVideoClock({ video, rate: () => 10, duration: () => 12, start: () => start, onFrame }))!
    video.value = player as unknown as HTMLVideoElement
    await nextTick()
    player.dispatchEvent(new Event('loadedmetadata'))
  })
  afterEach(() => void vi.useRealTimers())

  it('says the time that was asked for, also while the frame of before is still shown', () => {
    clock.seek(2)
    player.shows(0)
    expect(clock.npt.value).toBeCloseTo(2)
    expect(drawn).toEqual([0])
    player.shows(2)
    player.arrives()
    expect([clock.npt.value, drawn.at(-1)]).toEqual([2, 2])
    player.shows(2.1)
    expect(clock.npt.value).toBe(2.1)
  })

  it('goes on to where it was sent last when it has arrived where it was sent first', () => {
    clock.seek(2)
    clock.seek(5)
    clock.step(1)
    expect(player.sent).toEqual([2.05])
    player.arrives()
    expect(player.sent.at(-1)).toBeCloseTo(5.15)
    expect(clock.npt.value).toBeCloseTo(5.1)
  })

  it('goes on by frames from where they begin', () => {
    player.shows(2.38)
    clock.step(1)
    player.arrives()
    player.shows(2.48)
    clock.step(-1)
    clock.step(-1)
    player.arrives()
    player.arrives()
    expect(player.sent.map((time) => time.toFixed(2))).toEqual(['2.53', '2.43', '2.33'])
  })

  it('says when the frame begins also where the film cannot be played', () => {
    player.dispatchEvent(new Event('error'))
    clock.seek(2)
    clock.step(1)
    expect([clock.npt.value.toFixed(2), drawn.map((npt) => npt.toFixed(2))]).toEqual(['2.10', ['2.00', '2.10']])
  })

  it('counts from the beginning of a film whose file counts from elsewhere', () => {
    start = 3
    player.shows(5)
    expect([clock.npt.value, drawn]).toEqual([2, [2]])
    clock.step(1)
    player.arrives()
    player.shows(5.1)
    expect(player.sent.map((time) => time.toFixed(2))).toEqual(['5.15'])
    expect(clock.npt.value).toBeCloseTo(2.1)
    vi.advanceTimersByTime(400)
    expect(clock.npt.value).toBeCloseTo(2.1)
  })

  it('is content with the end of a film that is shorter than was said', () => {
    clock.seek(11)
    player.arrives()
    player.arrives()
    expect(player.sent).toEqual([11.05])
    expect(player.currentTime).toBe(10)
  })

  it('believes the player where no frame is told of', () => {
    clock.seek(3)
    player.arrives()
    player.shows(0)
    expect(clock.npt.value).toBe(0)
    vi.advanceTimersByTime(400)
    expect(clock.npt.value).toBeCloseTo(3)
    expect(drawn.at(-1)).toBeCloseTo(3)
  })
})
