import { needed } from './windows'

describe('needed', () => {
  it.each([
    ['the first window and the next', 1, [0, 1, 2]],
    ['the one before first, near the beginning of a window', 21, [1, 0, 2, 3]],
    ['the one before last, near its end', 39, [1, 2, 0, 3]],
    ['nothing past the end', 99, [4, 3]],
    ['the last one where somebody is past the end', 500, [4, 3]],
  ])('is %s', (_, npt, windows) => {
    expect(needed(npt, 20, 100, 2)).toEqual(windows)
  })

  it('is one window for a video of unknown length', () => {
    expect(needed(5, 20, 0, 2)).toEqual([0])
  })
})
