/** Which samples of a track show the face best, and differ. */

export interface Sampled {
  frame_index: number[]
  npt: number[]
  qualities: number[]
}

/** The best sample of each of `n` equal parts of a track, in order of time; those that nobody detected (quality 0) only at need. */
export function bestFrames({ frame_index, npt, qualities }: Sampled, n: number): { frame: number; npt: number }[] {
  const rows = frame_index.map((_, row) => row)
  const seen = rows.filter((row) => qualities[row]! > 0)
  const from = seen.length ? seen : rows
  const parts = Math.min(n, from.length)
  return Array.from({ length: parts }, (_, part) => {
    const some = from.slice(Math.floor((part * from.length) / parts), Math.floor(((part + 1) * from.length) / parts))
    const best = some.reduce((a, b) => (qualities[b]! > qualities[a]! ? b : a))
    return { frame: frame_index[best]!, npt: npt[best]! }
  })
}
