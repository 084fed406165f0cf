// @vitest-environment happy-dom

import { VueQueryPlugin } from '@tanstack/vue-query'
import { cleanup, fireEvent, render, waitFor } from '@testing-library/vue'
import { afterEach, expect, it, vi } from 'vitest'
import type { Seen } from '@/lib/appearances'
import { loopOf } from '@/lib/review'
import { i18n } from '@/plugins/i18n'
import MomentLoop from './MomentLoop.vue'

vi.mock('@/api/library', () => ({
  getVideo: async () => ({ video_id: 'v', local: true, locator: 'v.mp4', width: 640, height: 360, start_time: 3 }),
}))
afterEach(cleanup)

it('goes around the moment by the clock of the file', async () => {
  let shows: (now: number, frame: { mediaTime: number }) => void = () => undefined
  Object.assign(HTMLVideoElement.prototype, {
    requestVideoFrameCallback: (heard: typeof shows) => {
      shows = heard
      return 1
    },
    cancelVideoFrameCallback: () => undefined,
    play: async () => undefined,
    load: () => undefined,
  })
  const seen = { start_npt: 10, end_npt: 14, best_npt: 12 } as Seen
  const { container } = render(MomentLoop, {
    props: { videoId: 'v', seen, series: null, isShown: true },
    global: { plugins: [i18n, VueQueryPlugin] },
  })
  await waitFor(() => expect(container.querySelector('video')).toBeTruthy())
  const video = container.querySelector('video')!
  const { start, end } = loopOf(seen)
  await fireEvent(video, new Event('loadedmetadata'))
  expect(video.currentTime).toBe(start + 3)
  video.currentTime = end + 2.9
  shows(0, { mediaTime: video.currentTime })
  expect(video.currentTime).toBe(end + 2.9)
  shows(0, { mediaTime: end + 3.1 })
  video.currentTime = end + 3.1
  await fireEvent(video, new Event('timeupdate'))
  expect(video.currentTime).toBe(start + 3)
})
