/** How a frame lies in the place where it is shown: scaled to fit, in the middle, with bars at two sides. */

import type { Box } from './boxes'

export interface Fit {
  /** Shown pixels for one pixel of the frame, across and down: frames with pixels that are not square differ. */
  scaleX: number
  scaleY: number
  left: number
  top: number
  width: number
  height: number
}

/**
 * Fit a frame into a place, as `object-fit: contain` does.
 *
 * @param place Width and height of the element.
 * @param shown Width and height that the player gives the picture (`videoWidth`, `videoHeight`): with its pixels made square.
 * @param frame Width and height of the decoded frame, which boxes are measured in.
 * @returns null while one of them is not known.
 */
export function fit(place: Size, shown: Size, frame: Size): Fit | null {
  if (!(place.width > 0 && place.height > 0 && shown.width > 0 && shown.height > 0)) return null
  const scale = Math.min(place.width / shown.width, place.height / shown.height)
  const width = shown.width * scale
  const height = shown.height * scale
  return {
    scaleX: width / (frame.width || shown.width),
    scaleY: height / (frame.height || shown.height),
    left: (place.width - width) / 2,
    top: (place.height - height) / 2,
    width,
    height,
  }
}

export interface Size {
  width: number
  height: number
}

/** A box of the frame where it is shown, cut off at the edges of the picture. */
export function shownBox(fit: Fit, box: Box): Box {
  const left = clamp(fit.left + box.x * fit.scaleX, fit.left, fit.left + fit.width)
  const top = clamp(fit.top + box.y * fit.scaleY, fit.top, fit.top + fit.height)
  const right = clamp(fit.left + (box.x + box.w) * fit.scaleX, fit.left, fit.left + fit.width)
  const bottom = clamp(fit.top + (box.y + box.h) * fit.scaleY, fit.top, fit.top + fit.height)
  return { x: left, y: top, w: right - left, h: bottom - top }
}

/** The pixel of the frame that is shown at a point. */
export function framePoint(fit: Fit, x: number, y: number): { x: number; y: number } {
  return { x: (x - fit.left) / fit.scaleX, y: (y - fit.top) / fit.scaleY }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
