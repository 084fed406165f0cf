/** Scores of a search by face in words. */

export const LIKENESSES = ['surely', 'likely', 'perhaps', 'hardly'] as const
export type Likeness = (typeof LIKENESSES)[number]

/**
 * How alike two faces are, in a word.
 *
 * Above the score from which the engine takes a face for a known person, half of the way to the same picture is certain enough to say
 * so, an eighth is likely. Below it, other people are found more often than the same one.
 *
 * @param score Cosine similarity.
 * @param alike That score of the engine.
 */
export function likeness(score: number, alike: number): Likeness {
  const share = (score - alike) / (1 - alike)
  if (share >= 0.5) return 'surely'
  if (share >= 0.125) return 'likely'
  return share >= 0 ? 'perhaps' : 'hardly'
}

/** The least score to ask for where doubtful moments are wanted too. */
export function looser(alike: number): number {
  return Math.max(alike - 0.12, 0)
}
