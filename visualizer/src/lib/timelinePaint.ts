/** The painting of the timeline. All measures are CSS pixels; what is painted where, clicks find by the same numbers. */

import { type Entry, isLow, type Lane } from './appearances'
import { inkOn } from './palette'
import { clock } from './time'
import type { Interval } from './interval'
import { firstReaching, marks, type Window, xOf } from './timeline'

export const RULER_PX = 22
export const SHOTS_PX = 12
export const HEAD_PX = RULER_PX + SHOTS_PX
export const LANE_PX = 26
export const BAR_PX = 14
export const OVERVIEW_PX = 26
export const GUTTER_PX = 176
const LEAST_BAR_PX = 3
const FONT = '12px "Inter Variable", system-ui, sans-serif'
const SMALL = '10.5px "Inter Variable", system-ui, sans-serif'

export interface Look {
  ground: string
  panel: string
  raised: string
  line: string
  text: string
  quiet: string
  accent: string
}

export interface TimelineScene {
  width: number
  height: number
  scroll: number
  window: Window
  duration: number
  lanes: readonly Lane[]
  shots: readonly { start_npt: number; end_npt: number; shot: number }[]
  line: number
  selected: string | null
  selectedLane: string | null
  hovered: string | null
  interval: Interval | null
  rate: number
  look: Look
  colour: (lane: Lane) => string
  label: (lane: Lane) => string
  portrait: (lane: Lane) => CanvasImageSource | null
}

type Context = CanvasRenderingContext2D

/** Paint all of it. */
export function paintTimeline(context: Context, scene: TimelineScene): void {
  const { width, height, look } = scene
  context.fillStyle = look.panel
  context.fillRect(0, 0, width, height)
  clipped(context, 0, HEAD_PX, width, height - HEAD_PX - OVERVIEW_PX, () => paintLanes(context, scene))
  clipped(context, GUTTER_PX, 0, width - GUTTER_PX, HEAD_PX, () => paintHead(context, scene))
  const { interval } = scene
  if (interval) {
    clipped(context, GUTTER_PX, 0, width - GUTTER_PX, height - OVERVIEW_PX, () =>
      paintInterval(context, scene, interval),
    )
  }
  paintOverview(context, scene)
  context.fillStyle = look.line
  context.fillRect(0, HEAD_PX - 1, width, 1)
  context.fillRect(GUTTER_PX - 1, 0, 1, height - OVERVIEW_PX)
}

function clipped(context: Context, x: number, y: number, w: number, h: number, paint: () => void): void {
  context.save()
  context.beginPath()
  context.rect(x, y, Math.max(w, 0), Math.max(h, 0))
  context.clip()
  paint()
  context.restore()
}

function paintHead(context: Context, scene: TimelineScene): void {
  const { window, look, rate } = scene
  const width = scene.width - GUTTER_PX
  const { step, times } = marks(window, width, 84)
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2
  context.font = SMALL
  context.textBaseline = 'middle'
  for (const time of times) {
    const x = GUTTER_PX + xOf(window, width, time)
    context.fillStyle = look.line
    context.fillRect(Math.round(x), RULER_PX - 7, 1, 7)
    context.fillStyle = look.quiet
    context.fillText(clock(time, digits), x + 4, RULER_PX - 10)
  }
  const oneFrame = rate ? width / ((window.end - window.start) * rate) : 0
  if (oneFrame >= 6) frames(context, scene, width, oneFrame)
  for (const shot of scene.shots) {
    const start = GUTTER_PX + xOf(window, width, shot.start_npt)
    const end = GUTTER_PX + xOf(window, width, shot.end_npt)
    if (end < GUTTER_PX || start > scene.width || end - start < 1.5) continue
    context.fillStyle = shot.shot % 2 ? look.raised : look.line
    context.fillRect(start, RULER_PX, end - start - 1, SHOTS_PX - 3)
  }
}

/** The marked stretch: full on the ruler, a breath of colour down the lanes. */
function paintInterval(context: Context, scene: TimelineScene, interval: Interval): void {
  const { window, look, height } = scene
  const width = scene.width - GUTTER_PX
  const left = GUTTER_PX + xOf(window, width, interval.start)
  const right = GUTTER_PX + xOf(window, width, interval.end)
  if (right < GUTTER_PX || left > scene.width) return
  context.fillStyle = look.accent
  context.globalAlpha = 0.07
  context.fillRect(left, HEAD_PX, right - left, height - OVERVIEW_PX - HEAD_PX)
  context.globalAlpha = 0.28
  context.fillRect(left, 0, right - left, HEAD_PX - 1)
  context.globalAlpha = 0.8
  for (const x of [left, right]) context.fillRect(x - 0.5, 0, 1, height - OVERVIEW_PX)
  context.globalAlpha = 1
}

/** A mark for each frame, where there is room. */
function frames(context: Context, { window, rate, look }: TimelineScene, width: number, apart: number): void {
  context.fillStyle = look.line
  for (
    let n = Math.ceil(window.start * rate), x = GUTTER_PX + xOf(window, width, n / rate);
    x < GUTTER_PX + width;
    x += apart
  ) {
    context.fillRect(Math.round(x), RULER_PX - 3, 1, 3)
  }
}

function paintLanes(context: Context, scene: TimelineScene): void {
  const { window, look, lanes, scroll, height } = scene
  const width = scene.width - GUTTER_PX
  const first = Math.max(Math.floor(scroll / LANE_PX), 0)
  const last = Math.min(Math.ceil((scroll + height) / LANE_PX), lanes.length)
  for (let row = first; row < last; row++) {
    const lane = lanes[row]!
    const y = HEAD_PX + row * LANE_PX - scroll
    if (lane.key === scene.selectedLane) {
      context.fillStyle = look.raised
      context.fillRect(0, y, scene.width, LANE_PX)
    }
    context.fillStyle = look.line
    context.globalAlpha = 0.55
    context.fillRect(0, y + LANE_PX - 1, scene.width, 1)
    context.globalAlpha = 1
    clipped(context, GUTTER_PX, y, width, LANE_PX, () => paintBars(context, scene, lane, y, width, window))
    paintName(context, scene, lane, y)
  }
}

function paintBars(context: Context, scene: TimelineScene, lane: Lane, y: number, width: number, window: Window): void {
  const colour = scene.colour(lane)
  const top = y + (LANE_PX - BAR_PX) / 2
  let filledTo = -Infinity
  for (let at = firstReaching(lane.entries, window.start); at < lane.entries.length; at++) {
    const entry = lane.entries[at]!
    if (entry.start > window.end) break
    if (entry.end < window.start) continue
    const x = GUTTER_PX + xOf(window, width, entry.start)
    const w = Math.max(GUTTER_PX + xOf(window, width, entry.end) - x - 1, LEAST_BAR_PX)
    const stands = entry.key === scene.selected || entry.key === scene.hovered
    // Thousands of bars on a few hundred pixels: one that lies under another is not painted again.
    if (x + w <= filledTo + 0.5 && !stands) continue
    filledTo = Math.max(filledTo, x + w)
    paintBar(context, scene, entry, colour, x, top, w)
  }
}

function paintBar(
  context: Context,
  scene: TimelineScene,
  entry: Entry,
  colour: string,
  x: number,
  y: number,
  w: number,
): void {
  const low = isLow(entry, scene.line)
  const isHuman = entry.seen.source === 'human'
  const radius = Math.min(3, w / 2)
  context.beginPath()
  context.roundRect(x, y, w, BAR_PX, radius)
  context.fillStyle = colour
  context.globalAlpha = low ? 0.16 : isHuman ? 1 : 0.4 + 0.5 * entry.seen.confidence
  context.fill()
  context.globalAlpha = 1
  if (low || entry.kind === 'unknown') {
    context.setLineDash(low ? [1.5, 2.5] : [4, 2])
    context.strokeStyle = low ? colour : scene.look.ground
    context.lineWidth = 1
    if (w > 8) context.stroke()
    context.setLineDash([])
  }
  if (isHuman && w > 14) tick(context, x + 5, y + BAR_PX / 2, inkOn(colour))
  if (entry.seen.merged_tracks.length > 1 && w > 10) {
    context.fillStyle = scene.look.panel
    context.fillRect(x + w / 2, y, 1.5, BAR_PX)
  }
  if (entry.key === scene.selected) outline(context, x, y, w, scene.look.text, 2)
  else if (entry.key === scene.hovered) outline(context, x, y, w, scene.look.quiet, 1)
}

function outline(context: Context, x: number, y: number, w: number, colour: string, width: number): void {
  context.beginPath()
  context.roundRect(x - 1.5, y - 1.5, w + 3, BAR_PX + 3, 4)
  context.strokeStyle = colour
  context.lineWidth = width
  context.stroke()
}

function tick(context: Context, x: number, y: number, ink: string): void {
  context.strokeStyle = ink
  context.lineWidth = 1.6
  context.lineCap = context.lineJoin = 'round'
  context.beginPath()
  context.moveTo(x - 2.5, y)
  context.lineTo(x, y + 2.5)
  context.lineTo(x + 4, y - 3)
  context.stroke()
}

const PORTRAIT_PX = 20

function paintName(context: Context, scene: TimelineScene, lane: Lane, y: number): void {
  const { look } = scene
  const middle = y + LANE_PX / 2
  const portrait = scene.portrait(lane)
  const x = 10
  context.save()
  context.beginPath()
  context.roundRect(x, middle - PORTRAIT_PX / 2, PORTRAIT_PX, PORTRAIT_PX, 4)
  context.fillStyle = look.line
  context.fill()
  context.clip()
  if (portrait) cover(context, portrait, x, middle - PORTRAIT_PX / 2, PORTRAIT_PX)
  context.restore()
  context.fillStyle = scene.colour(lane)
  context.beginPath()
  context.roundRect(x + PORTRAIT_PX + 4, middle - PORTRAIT_PX / 2, 3, PORTRAIT_PX, 1.5)
  context.fill()
  context.font = FONT
  context.textBaseline = 'middle'
  context.fillStyle = lane.kind === 'person' ? look.text : look.quiet
  const left = x + PORTRAIT_PX + 13
  context.fillText(shortened(context, scene.label(lane), GUTTER_PX - left - 8), left, middle + 0.5)
}

/** Fill a square with the middle of a picture. */
function cover(context: Context, picture: CanvasImageSource, x: number, y: number, side: number): void {
  const { width, height } = sizeOf(picture)
  if (!width || !height) return
  const cut = Math.min(width, height)
  context.drawImage(picture, (width - cut) / 2, (height - cut) / 2, cut, cut, x, y, side, side)
}

function sizeOf(picture: CanvasImageSource): { width: number; height: number } {
  if (picture instanceof HTMLImageElement) return { width: picture.naturalWidth, height: picture.naturalHeight }
  return { width: Number((picture as ImageBitmap).width), height: Number((picture as ImageBitmap).height) }
}

const MOST_KNOWN = 2000
const known = new Map<string, string>()

/** A name as far as there is room for it; measured once, for all are painted again with each step of a zoom. */
function shortened(context: Context, text: string, room: number): string {
  const key = `${room} ${text}`
  let found = known.get(key)
  if (found === undefined) {
    if (known.size > MOST_KNOWN) known.clear()
    known.set(key, (found = cut(context, text, room)))
  }
  return found
}

function cut(context: Context, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text
  let end = text.length
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end--
  return `${text.slice(0, end).trimEnd()}…`
}

/** Names are measured anew: their font has come. */
export function forgetWidths(): void {
  known.clear()
}

const OVERVIEW_ROWS = 9

interface OverviewRow {
  colour: string
  y: number
  h: number
  /** Left and width of each bar, one after the other. */
  bars: number[]
}

const overviews = new WeakMap<readonly Lane[], { across: number; duration: number; rows: OverviewRow[] }>()

/** The bars of the whole film, which a zoom does not change: thousands of appearances become a few hundred, once. */
function overviewOf({ lanes, duration, colour }: TimelineScene, across: number): OverviewRow[] {
  const kept = overviews.get(lanes)
  if (kept && kept.across === across && kept.duration === duration) return kept.rows
  const whole = { start: 0, end: duration }
  const shown = lanes.slice(0, OVERVIEW_ROWS)
  const each = (OVERVIEW_PX - 8) / Math.max(shown.length, 1)
  const rows = shown.map((lane, row) => {
    const bars: number[] = []
    let filledTo = -Infinity
    for (const entry of lane.entries) {
      const x = xOf(whole, across, entry.start)
      const w = Math.max(xOf(whole, across, entry.end) - x - 1, 1)
      if (x + w <= filledTo + 0.5) continue
      filledTo = x + w
      bars.push(x, w)
    }
    return { colour: colour(lane), y: 4 + row * each, h: Math.max(each - 1, 1), bars }
  })
  overviews.set(lanes, { across, duration, rows })
  return rows
}

/** The whole film at the foot: who is seen when, as thin lines, and the stretch that is shown above. */
function paintOverview(context: Context, scene: TimelineScene): void {
  const { look, width, height, duration, window } = scene
  const top = height - OVERVIEW_PX
  context.fillStyle = look.ground
  context.fillRect(0, top, width, OVERVIEW_PX)
  context.fillStyle = look.line
  context.fillRect(0, top, width, 1)
  if (!duration) return
  const whole = { start: 0, end: duration }
  const across = width - GUTTER_PX
  for (const { colour, y, h, bars } of overviewOf(scene, across)) {
    context.fillStyle = colour
    for (let at = 0; at < bars.length; at += 2) {
      context.fillRect(GUTTER_PX + bars[at]!, top + y, bars[at + 1]!, h)
    }
  }
  const left = GUTTER_PX + xOf(whole, across, window.start)
  const shown = Math.max(GUTTER_PX + xOf(whole, across, window.end) - left, 4)
  if (shown >= across - 1) return
  context.fillStyle = look.ground
  context.globalAlpha = 0.62
  context.fillRect(GUTTER_PX, top + 1, left - GUTTER_PX, OVERVIEW_PX)
  context.fillRect(left + shown, top + 1, width - left - shown, OVERVIEW_PX)
  context.globalAlpha = 1
  context.strokeStyle = look.accent
  context.lineWidth = 1.5
  context.beginPath()
  context.roundRect(left + 0.75, top + 1.75, shown - 1.5, OVERVIEW_PX - 3.5, 3)
  context.stroke()
}

/** What lies at a point. */
export type Place = { part: 'head' | 'gutter' | 'lane' | 'overview'; row: number }

export function placeAtPoint(scene: Pick<TimelineScene, 'height' | 'scroll'>, x: number, y: number): Place {
  const row = Math.floor((y - HEAD_PX + scene.scroll) / LANE_PX)
  if (y >= scene.height - OVERVIEW_PX) return { part: 'overview', row: -1 }
  if (y < HEAD_PX) return { part: 'head', row: -1 }
  return { part: x < GUTTER_PX ? 'gutter' : 'lane', row }
}
