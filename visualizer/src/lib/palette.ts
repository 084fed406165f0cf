/**
 * Colours of people, which those who see few colours can tell apart too.
 *
 * Source: Okabe and Ito, Color Universal Design, 2008, without black and with its blue made lighter, for it lies on dark pictures too.
 */

export const COLOURS = ['#56b4e9', '#e69f00', '#009e73', '#f0e442', '#d55e00', '#cc79a7', '#4a90d9', '#b8de6f'] as const

/** For faces without a name. */
export const UNKNOWN_COLOUR = '#c3c8d0'

/**
 * Give each person a colour. A person has the same one in all videos as long as nobody before them took it; two people share one
 * only when there are more people than colours.
 *
 * @param ids Those who matter most first.
 */
export function assigned(ids: readonly string[]): Map<string, string> {
  const uses = COLOURS.map(() => 0)
  const found = new Map<string, string>()
  for (const id of ids) {
    if (found.has(id)) continue
    const fewest = Math.min(...uses)
    let at = hash(id) % COLOURS.length
    while (uses[at]! > fewest) at = (at + 1) % COLOURS.length
    uses[at]!++
    found.set(id, COLOURS[at]!)
  }
  return found
}

/** Black or white, whichever is easier to read on a colour (WCAG 2.2, contrast ratio). */
export function inkOn(colour: string): '#000000' | '#ffffff' {
  const light = luminance(colour)
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? '#000000' : '#ffffff'
}

/** Relative luminance of `#rrggbb`, 0 to 1. */
export function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0
  return value
}

/** The contrast of two colours (WCAG 2.2): 1 for the same one, 21 for black on white. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high! + 0.05) / (low! + 0.05)
}

/**
 * A colour as it can be seen on a ground: darker on a light one and lighter on a dark one, as much as it takes (WCAG 2.2, 1.4.11 asks for
 * 3 to 1). Its hue stays.
 *
 * @param colour `#rrggbb`, as is `ground`.
 */
export function readableOn(colour: string, ground: string, least = 3): string {
  const goal = luminance(ground) > 0.18 ? 0 : 255
  let found = colour
  for (let step = 1; step <= 20 && contrast(found, ground) < least; step++) found = towards(colour, goal, step / 20)
  return found
}

function towards(colour: string, goal: number, share: number): string {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  return `#${parts
    .map((part) =>
      Math.round(part + (goal - part) * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}
