import { bestFrames } from './best'

const track = (qualities: number[]) => ({
  frame_index: qualities.map((_, row) => row * 10),
  npt: qualities.map((_, row) => row / 2),
  qualities,
})

describe('bestFrames', () => {
  it.each([
    ['the best of each part', [0.1, 0.9, 0.5, 0.4, 0.3, 0.8], 3, [10, 20, 50]],
    ['all of a short track', [0.2, 0.1], 6, [0, 10]],
    ['none of those that were only followed', [0, 0.5, 0, 0.6], 6, [10, 30]],
    ['those too, where there are no others', [0, 0], 6, [0, 10]],
    ['nothing of nothing', [], 6, []],
  ])('is %s', (_, qualities, n, frames) => {
    expect(bestFrames(track(qualities), n).map((one) => one.frame)).toEqual(frames)
  })
})
