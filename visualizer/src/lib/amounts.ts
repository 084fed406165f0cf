/** Amounts as people read them, in their language. */

const BYTES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const SPANS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** `4.2 GB`, `4,2 Go`: powers of a thousand, as systems show files. */
export function bytes(value: number, locale: string): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), BYTES.length - 1)
  const options = { style: 'unit', unit: BYTES[power], unitDisplay: power ? 'short' : 'long' } as const
  const amount = value / 1000 ** power
  return new Intl.NumberFormat(locale, { ...options, maximumFractionDigits: power && amount < 10 ? 1 : 0 }).format(
    amount,
  )
}

/** How long something takes, in its two largest units: `2 h 5 min`, `40 sec`. */
export function span(seconds: number, locale: string): string {
  const whole = Math.max(Math.round(seconds), 0)
  const at = SPANS.findIndex(([, size]) => whole >= size)
  const first = SPANS[at < 0 ? SPANS.length - 1 : at]!
  const second = SPANS[at + 1]
  const rest = at < 0 ? 0 : whole % first[1]
  const parts: [number, string][] = [[Math.floor(whole / first[1]), first[0]]]
  if (second && rest >= second[1]) parts.push([Math.floor(rest / second[1]), second[0]])
  return parts.map(([value, unit]) => format(value, unit, locale)).join(' ')
}

function format(value: number, unit: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value)
}

/** `3 hours ago`, in the largest unit that fits; at most days. */
export function ago(moment: string, now: number, locale: string): string {
  const seconds = Math.max((now - Date.parse(moment)) / 1000, 0)
  const [unit, size] = SPANS.find(([, length]) => seconds >= length) ?? SPANS[3]
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-Math.floor(seconds / size), unit)
}

/** A share as people read it: `97.3 %`; as exact as it has to be near the ends. */
export function percent(value: number | null | undefined, locale: string, digits = 1): string {
  if (value == null) return '–'
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value * 100)}\u00a0%`
}
