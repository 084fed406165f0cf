/** Reads from a picture of the page which frame it shows, and where the boxes are drawn on it. The measures are those of seed.py. */

import type { Browser, Page } from 'playwright-core'

const [WIDTH, HEIGHT, SQUARE, LEFT, TOP, BITS] = [640, 360, 20, 20, 10, 10]
const PATHS: Record<number, readonly number[]> = { 1: [30, 80, 110, 90, 5, 1], 2: [430, 230, 70, 90, -4, -1] }

export interface Rect {
  x: number
  y: number
  w: number
  h: number
}

export function trueBox(track: number, frame: number): Rect {
  const [x, y, w, h, across, down] = PATHS[track] as [number, number, number, number, number, number]
  const steps = 50 - Math.abs(50 - (frame % 100))
  return { x: x + across * steps, y: y + down * steps, w, h }
}

/** A picture of the page in the pixels of the screen. */
export interface Shot {
  width: number
  height: number
  data: Uint8ClampedArray
}

/** Opens PNGs, for which it takes a page of its own. */
export async function opener(browser: Browser): Promise<(png: Buffer) => Promise<Shot>> {
  const page = await browser.newPage()
  return async (png) => {
    const found = await page.evaluate(async (base64) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob())
      const canvas = new OffscreenCanvas(image.width, image.height)
      const context = canvas.getContext('2d')!
      context.drawImage(image, 0, 0)
      const { data } = context.getImageData(0, 0, image.width, image.height)
      let text = ''
      for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768))
      return { width: image.width, height: image.height, text: btoa(text) }
    }, png.toString('base64'))
    return { width: found.width, height: found.height, data: new Uint8ClampedArray(Buffer.from(found.text, 'base64')) }
  }
}

/** Where the frame lies in a picture of the stage: in the middle, with bars at two sides. */
function placeOf({ width, height }: Shot): { scale: number; left: number; top: number } {
  const scale = Math.min(width / WIDTH, height / HEIGHT)
  return { scale, left: (width - WIDTH * scale) / 2, top: (height - HEIGHT * scale) / 2 }
}

function pixel(shot: Shot, x: number, y: number): readonly [number, number, number] {
  const at = (Math.round(y) * shot.width + Math.round(x)) * 4
  return [shot.data[at]!, shot.data[at + 1]!, shot.data[at + 2]!]
}

/** The number of the frame that is shown. */
export function frameOf(shot: Shot): number {
  const { scale, left, top } = placeOf(shot)
  let frame = 0
  for (let bit = 0; bit < BITS; bit++) {
    const x = left + (LEFT + bit * 2 * SQUARE + SQUARE / 2) * scale
    if (pixel(shot, x, top + (TOP + SQUARE / 2) * scale)[1] > 127) frame |= 1 << bit
  }
  return frame
}

/** Where along an edge it is looked for: in the middle, and beside it where the box of somebody else crosses the middle. */
const ALONG = [0.5, 0.7]

/**
 * How far the drawn box of a track is from where it ought to be in a frame: the largest distance of its four edges, in pixels of the
 * screen. Edges are looked for along lines through the true box; Infinity where one is not found.
 */
export function boxError(shot: Shot, track: number, frame: number, colour: readonly number[], reach: number): number {
  const { scale, left, top } = placeOf(shot)
  const box = trueBox(track, frame)
  const [x, y, w, h] = [left + box.x * scale, top + box.y * scale, box.w * scale, box.h * scale]
  const nearest = (of: (share: number) => number): number => Math.min(...ALONG.map(of))
  const upright = (at: number): number =>
    nearest((share) => edge((place) => pixel(shot, place, y + h * share), at, reach, colour))
  const level = (at: number): number =>
    nearest((share) => edge((place) => pixel(shot, x + w * share, place), at, reach, colour))
  return Math.max(upright(x), upright(x + w), level(y), level(y + h))
}

/** How far the middle of the nearest coloured line is from where it is expected: the label has the same colour. */
function edge(
  at: (place: number) => readonly number[],
  expected: number,
  reach: number,
  colour: readonly number[],
): number {
  const isLine = (place: number): boolean => Math.hypot(...colour.map((part, n) => part - at(place)[n]!)) < 70
  let nearest = Infinity
  for (let place = Math.floor(expected - reach); place <= expected + reach; place++) {
    if (!isLine(place)) continue
    const first = place
    while (isLine(place + 1) && place <= expected + reach) place++
    nearest = Math.min(nearest, Math.abs((first + place + 1) / 2 - expected))
  }
  return nearest
}

/** The colours that the page gave the people of both tracks. */
export async function coloursOf(page: Page): Promise<Record<number, number[]>> {
  const found: Record<number, number[]> = {}
  for (const [track, name] of [
    [1, 'Ann Ace'],
    [2, 'Ben Bo'],
  ] as const) {
    const hex = await page
      .getByRole('button', { name: new RegExp(name), includeHidden: true })
      .locator('.portrait')
      .evaluate((element) => getComputedStyle(element).getPropertyValue('--colour').trim())
    found[track] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  }
  return found
}
