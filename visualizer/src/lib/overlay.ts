/** What is drawn over a frame: which faces, where, in which line, and the painting of it. */

import { type Entry, isLow, isShown, type Shown, wholeTrack } from './appearances'
import { type Box, longestGap, type Placed, placeAt, type Series } from './boxes'
import { placeLabels } from './labels'
import { type Fit, shownBox } from './letterbox'
import { inkOn } from './palette'
import type { Stretches } from './timeline'

/** How a face is drawn: a name that holds, nobody we know, and a name below the line. */
export type Line = 'solid' | 'dashed' | 'dotted'

export interface Mark {
  entry: Entry
  /** In pixels of the frame. */
  box: Box
  exact: boolean
  line: Line
  colour: string
  label: string
  selected: boolean
  confirmed: boolean
}

export interface Scene {
  stretches: Stretches<Entry>
  /** The samples of a track, as far as they are loaded. */
  series: (trackId: number) => Series | undefined
  colour: (entry: Entry) => string
  label: (entry: Entry) => string
  line: number
  shown: Shown
  selected: string | null
}

const EPSILON_S = 1e-4

/**
 * Say which faces a frame shows.
 *
 * An appearance ends where the next shot begins, so its end lies outside. A selected face is shown whatever the switches say.
 *
 * @param time When the frame begins, in seconds.
 */
export function marksAt(scene: Scene, time: number): Mark[] {
  const marks: Mark[] = []
  for (const entry of scene.stretches.at(time + EPSILON_S)) {
    const selected = entry.key === scene.selected
    if (time > entry.end - EPSILON_S || !(selected || isShown(entry, scene.line, scene.shown))) continue
    const placed = placeOf(entry, scene.series, time)
    if (!placed) continue
    marks.push({
      entry,
      ...placed,
      line: isLow(entry, scene.line) ? 'dotted' : entry.kind === 'unknown' ? 'dashed' : 'solid',
      colour: scene.colour(entry),
      label: scene.label(entry),
      selected,
      confirmed: entry.seen.source === 'human',
    })
  }
  return marks.sort((a, b) => Number(a.selected) - Number(b.selected) || b.box.w * b.box.h - a.box.w * a.box.h)
}

function placeOf(entry: Entry, seriesOf: Scene['series'], time: number): Placed | null {
  let nearest: Placed | null = null
  for (const id of entry.seen.merged_tracks.length ? entry.seen.merged_tracks : [entry.seen.track_id]) {
    const series = seriesOf(wholeTrack(id))
    if (!series) continue
    const gap = gapOf(series)
    const placed = placeAt(series, time, gap, gap)
    if (placed?.exact) return placed
    nearest ??= placed
  }
  return nearest
}

const gaps = new WeakMap<Series, number>()

function gapOf(series: Series): number {
  let gap = gaps.get(series)
  if (gap === undefined) gaps.set(series, (gap = longestGap(series.npt)))
  return gap
}

/** The face at a point of the frame; the smallest where several lie there, for it would be hidden else. */
export function markAt(marks: readonly Mark[], x: number, y: number): Mark | null {
  const hit = marks.filter(({ box }) => x >= box.x && y >= box.y && x < box.x + box.w && y < box.y + box.h)
  return hit.sort((a, b) => a.box.w * a.box.h - b.box.w * b.box.h)[0] ?? null
}

const LINE_PX = 2
const RADIUS_PX = 3
const DASHES: Record<Line, number[]> = { solid: [], dashed: [7, 5], dotted: [1.5, 4.5] }
const FONT = '500 12px "Inter Variable", system-ui, sans-serif'
const LABEL_PX = 20
const PAD_PX = 7
const TICK_PX = 13

/** Draw the faces of a frame on a canvas whose unit is a CSS pixel. */
export function paint(context: CanvasRenderingContext2D, fit: Fit, marks: readonly Mark[]): void {
  context.font = FONT
  const faces = marks.map((mark) => ({ box: shownBox(fit, mark.box), label: labelSize(context, mark) }))
  const picture = { x: fit.left, y: fit.top, w: fit.width, h: fit.height }
  // The selected face is drawn last, and chooses the place of its label first.
  const labels = placeLabels([...faces].reverse(), picture).reverse()
  marks.forEach((mark, at) => paintBox(context, mark, faces[at]!.box))
  marks.forEach((mark, at) => paintLabel(context, mark, labels[at]!))
}

function labelSize(context: CanvasRenderingContext2D, mark: Mark): { width: number; height: number } {
  const text = context.measureText(mark.label).width
  return { width: Math.ceil(text + 2 * PAD_PX + (mark.confirmed ? TICK_PX : 0)), height: LABEL_PX }
}

function paintBox(context: CanvasRenderingContext2D, mark: Mark, box: Box): void {
  context.save()
  context.globalAlpha = (mark.line === 'dotted' ? 0.75 : 1) * (mark.exact ? 1 : 0.6)
  context.lineCap = mark.line === 'dotted' ? 'round' : 'butt'
  const trace = mark.selected ? corners : outline
  // A dark line under the coloured one, without gaps: the picture may have any colour.
  for (const [colour, width, dash] of [
    ['rgb(0 0 0 / 45%)', LINE_PX + 2, []],
    [mark.colour, mark.selected ? LINE_PX + 1 : LINE_PX, mark.selected ? [] : DASHES[mark.line]],
  ] as const) {
    context.setLineDash([...dash])
    context.strokeStyle = colour
    context.lineWidth = width
    context.beginPath()
    trace(context, box)
    context.stroke()
  }
  context.restore()
}

function outline(context: CanvasRenderingContext2D, { x, y, w, h }: Box): void {
  context.roundRect(x, y, w, h, RADIUS_PX)
}

function corners(context: CanvasRenderingContext2D, { x, y, w, h }: Box): void {
  const arm = Math.min(22, w / 3, h / 3)
  const [right, bottom] = [x + w, y + h]
  for (const [cornerX, cornerY, acrossX, downY] of [
    [x, y, 1, 1],
    [right, y, -1, 1],
    [right, bottom, -1, -1],
    [x, bottom, 1, -1],
  ] as const) {
    context.moveTo(cornerX, cornerY + downY * arm)
    context.lineTo(cornerX, cornerY)
    context.lineTo(cornerX + acrossX * arm, cornerY)
  }
}

function paintLabel(context: CanvasRenderingContext2D, mark: Mark, { x, y, w, h }: Box): void {
  const filled = mark.line === 'solid'
  const ink = filled ? inkOn(mark.colour) : '#ffffff'
  context.save()
  context.globalAlpha = mark.line === 'dotted' ? 0.85 : 1
  context.fillStyle = filled ? mark.colour : 'rgb(16 18 22 / 80%)'
  context.beginPath()
  context.roundRect(x, y, w, h, 4)
  context.fill()
  if (!filled) {
    context.strokeStyle = mark.colour
    context.lineWidth = 1
    context.setLineDash(mark.line === 'dotted' ? [1, 3] : [4, 3])
    context.stroke()
  }
  context.fillStyle = ink
  context.textBaseline = 'middle'
  context.fillText(mark.label, x + PAD_PX, y + h / 2 + 0.5)
  if (mark.confirmed) tick(context, x + w - PAD_PX - 8, y + h / 2, ink)
  context.restore()
}

function tick(context: CanvasRenderingContext2D, x: number, y: number, ink: string): void {
  context.strokeStyle = ink
  context.lineWidth = 1.8
  context.lineCap = context.lineJoin = 'round'
  context.setLineDash([])
  context.beginPath()
  context.moveTo(x, y + 0.5)
  context.lineTo(x + 3, y + 3.5)
  context.lineTo(x + 8, y - 3)
  context.stroke()
}
