/** Where the name of a face goes: outside the face, inside the picture, and over no other face where there is room. */

import type { Box } from './boxes'
import { clamp, type Size } from './letterbox'

export interface Face {
  box: Box
  label: Size
}

const GAP = 4

/**
 * Place the labels of all faces in a picture.
 *
 * Each label tries its right side, its left side, above and below, aligned with the top of the face as in a caption; the first
 * place counts that lies inside the picture and covers neither a face nor another label. Where there is none, the one that
 * covers least counts.
 *
 * @param faces Boxes in the pixels they are shown in, with the sizes of their labels; the first ones choose first.
 * @param picture Where the picture lies.
 * @returns The label of each face.
 */
export function placeLabels(faces: readonly Face[], picture: Box): Box[] {
  const placed: Box[] = []
  for (const face of faces) {
    const others = [...faces.filter((other) => other !== face).map((other) => other.box), ...placed]
    placed.push(best(candidates(face, picture), face.box, others))
  }
  return placed
}

function candidates({ box, label }: Face, picture: Box): Box[] {
  const sizes = { w: label.width, h: label.height }
  const right = picture.x + picture.w
  const bottom = picture.y + picture.h
  const above = box.y - GAP - label.height
  const below = box.y + box.h + GAP
  const x = clamp(box.x, picture.x, Math.max(picture.x, right - label.width))
  const y = clamp(box.y, picture.y, Math.max(picture.y, bottom - label.height))
  const all = [
    { x, y: above, ...sizes },
    { x: box.x + box.w + GAP, y, ...sizes },
    { x: box.x - GAP - label.width, y, ...sizes },
    { x, y: below, ...sizes },
  ]
  const inside = all.filter(
    (one) => one.x >= picture.x && one.x + one.w <= right && one.y >= picture.y && one.y + one.h <= bottom,
  )
  // A face that fills the picture leaves no room outside it: its forehead is less than its eyes.
  return inside.length
    ? inside
    : [
        { x, y, ...sizes },
        { x, y: clamp(below, picture.y, bottom - label.height), ...sizes },
      ]
}

function best(places: Box[], own: Box, others: readonly Box[]): Box {
  const costs = places.map((place) => others.reduce((sum, other) => sum + overlap(place, other), overlap(place, own)))
  return places[costs.indexOf(Math.min(...costs))]!
}

/** Pixels that two boxes share. */
export function overlap(one: Box, other: Box): number {
  const across = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x)
  const down = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y)
  return Math.max(across, 0) * Math.max(down, 0)
}
