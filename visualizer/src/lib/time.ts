/** Times as people read and cite them. */

/** `12:06.04`, and `1:02:03.5` past an hour: as exact as `digits` says, never rounded up into what has not come yet. */
export function clock(npt: number, digits = 0): string {
  const unit = 10 ** digits
  const whole = Math.max(Math.floor(npt * unit + 1e-6), 0)
  const seconds = Math.floor(whole / unit)
  const fraction = digits ? `.${String(whole % unit).padStart(digits, '0')}` : ''
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60]
  const hours = Math.floor(seconds / 3600)
  const text = hours ? [hours, ...parts.map(two)] : [parts[0], two(parts[1]!)]
  return text.join(':') + fraction
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Frames a second of `30000/1001`; 0 where it is not known. */
export function rateOf(text: string): number {
  const [over, under = '1'] = text.split('/')
  const rate = Number(over) / Number(under)
  return Number.isFinite(rate) && rate > 0 ? rate : 0
}

/** Times of WebM are rounded to a thousandth of a second: so much of a frame may be missing at its beginning. */
const ROUNDED = 0.1

/** The number of the frame that is shown at a time. */
export function frameAt(npt: number, rate: number): number {
  return Math.floor(npt * rate + ROUNDED)
}

/** The middle of the frame that is shown at a time: a player that is sent to its edge may show the one before. */
export function insideFrame(npt: number, rate: number): number {
  return rate ? (frameAt(npt, rate) + 0.5) / rate : npt
}
