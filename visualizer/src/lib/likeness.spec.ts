import { LIKENESSES, likeness, looser } from './likeness'

describe('likeness', () => {
  it('falls with the score, and says every word', () => {
    const scores = Array.from({ length: 101 }, (_, n) => 1 - n / 100)
    const words = scores.map((score) => likeness(score, 0.43))
    const order = words.map((word) => LIKENESSES.indexOf(word))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(new Set(words)).toEqual(new Set(LIKENESSES))
  })

  it('is doubtful exactly below what the engine names people at', () => {
    expect(likeness(0.43, 0.43)).toBe('perhaps')
    expect(likeness(0.429, 0.43)).toBe('hardly')
    expect(looser(0.43)).toBeLessThan(0.43)
    expect(looser(0.05)).toBe(0)
  })
})
