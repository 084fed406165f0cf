/** Which windows of time are loaded: those that are looked at, and the next ones in the direction of play. */

/** Windows that a time needs, most needed first. All are `length` seconds and begin at its multiples. */
export function needed(npt: number, length: number, duration: number, ahead: number): number[] {
  const last = Math.max(Math.ceil(duration / length) - 1, 0)
  const here = Math.min(Math.max(Math.floor(npt / length), 0), last)
  const wanted = [here]
  const near = npt - here * length < length / 2
  for (let far = 1; far <= ahead; far++) wanted.push(here + far)
  // What moves across the edge of two windows needs the samples on both sides of it.
  wanted.splice(near ? 1 : 2, 0, here - 1)
  return wanted.filter((one) => one >= 0 && one <= last)
}
