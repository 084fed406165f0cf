import { useResizeObserver } from './useResizeObserver'
import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import type { Entry, Lane } from '@/lib/appearances'
import { between, type Interval } from '@/lib/interval'
import { clamp } from '@/lib/letterbox'
import { barAt, following, moved, timeOf, type Window, xOf, zoomed } from '@/lib/timeline'
import {
  forgetWidths,
  GUTTER_PX,
  HEAD_PX,
  LANE_PX,
  type Look,
  OVERVIEW_PX,
  paintTimeline,
  placeAtPoint,
  type TimelineScene,
} from '@/lib/timelinePaint'

export interface Hover {
  entry: Entry
  npt: number
  x: number
  y: number
}

export interface TimelineOptions {
  canvas: Ref<HTMLCanvasElement | null>
  scene: () => Omit<TimelineScene, 'width' | 'height' | 'scroll' | 'window' | 'hovered' | 'look'>
  npt: () => number
  isPlaying: () => boolean
  /** Changes with the theme, whose colours are read from the page. */
  theme: () => unknown
  seek: (npt: number) => void
  select: (entry: Entry | null) => void
  /** A stretch of time was marked on the ruler. */
  mark: (interval: Interval | null) => void
}

const REACH_PX = 5
const DRAG_PX = 4
const HANDLE_PX = 6

/** The timeline: what it shows, and what hands do with it. */
export function useTimeline(options: TimelineOptions) {
  const { canvas } = options
  const shown = shallowRef<Window | null>(null)
  const scroll = ref(0)
  const hover = shallowRef<Hover | null>(null)
  const size = useResizeObserver(canvas)
  const duration = computed(() => options.scene().duration)
  const window_ = computed<Window>(() => shown.value ?? { start: 0, end: Math.max(duration.value, 1) })
  const trackWidth = computed(() => Math.max(size.value.width - GUTTER_PX, 1))
  const playhead = computed(() => {
    const x = xOf(window_.value, trackWidth.value, options.npt())
    return x < -1 || x > trackWidth.value + 1 ? null : GUTTER_PX + x
  })
  const overviewHead = computed(
    () => GUTTER_PX + (duration.value ? (options.npt() / duration.value) * trackWidth.value : 0),
  )
  const highest = computed(() =>
    Math.max(options.scene().lanes.length * LANE_PX - (size.value.height - HEAD_PX - OVERVIEW_PX), 0),
  )

  // The colours of the page are read once for each theme: to ask for them makes the browser work out all styles.
  let look: Look | null = null
  watch(options.theme, () => (look = null))
  void document.fonts?.ready.then(() => {
    forgetWidths()
    ask()
  })

  function full(): TimelineScene {
    return {
      ...options.scene(),
      ...size.value,
      scroll: scroll.value,
      window: window_.value,
      hovered: hover.value?.entry.key ?? null,
      look: (look ??= lookOf(canvas.value!)),
    }
  }

  let asked = 0
  function paint(): void {
    asked = 0
    const element = canvas.value
    const context = element?.getContext('2d')
    if (!element || !context || !size.value.width) return
    const ratio = window.devicePixelRatio
    const [w, h] = [Math.round(size.value.width * ratio), Math.round(size.value.height * ratio)]
    if (element.width !== w || element.height !== h) [element.width, element.height] = [w, h]
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    paintTimeline(context, full())
  }
  function ask(): void {
    asked ||= requestAnimationFrame(paint)
  }
  watch([() => options.scene(), size, scroll, window_, hover, options.theme], ask, { immediate: true })
  watch(highest, (value) => (scroll.value = Math.min(scroll.value, value)))
  watch(
    () => options.npt(),
    (npt) => {
      if (shown.value && !drag) shown.value = following(shown.value, duration.value, npt)
    },
  )
  onScopeDispose(() => cancelAnimationFrame(asked))

  function zoom(factor: number, at = options.npt()): void {
    const next = zoomed(window_.value, duration.value, clamp(at, window_.value.start, window_.value.end), factor)
    shown.value = next.end - next.start >= duration.value ? null : next
  }

  function timeAt(x: number): number {
    return clamp(timeOf(window_.value, trackWidth.value, x - GUTTER_PX), 0, duration.value)
  }

  function entryAt(x: number, y: number): Entry | null {
    const { part, row } = placeAtPoint({ height: size.value.height, scroll: scroll.value }, x, y)
    const lane = options.scene().lanes[row]
    if (part !== 'lane' || !lane) return null
    const reach = (REACH_PX / trackWidth.value) * (window_.value.end - window_.value.start)
    return barAt(lane.entries, timeAt(x), reach)
  }

  function laneAt(x: number, y: number): Lane | null {
    const { part, row } = placeAtPoint({ height: size.value.height, scroll: scroll.value }, x, y)
    return part === 'gutter' ? (options.scene().lanes[row] ?? null) : null
  }

  function onWheel(event: WheelEvent): void {
    event.preventDefault()
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    const [across, down] = [event.deltaX * unit, event.deltaY * unit]
    const isOverNames = event.offsetX < GUTTER_PX
    if (Math.abs(across) > Math.abs(down) || event.shiftKey) {
      pan((across || down) * ((window_.value.end - window_.value.start) / trackWidth.value))
    } else if (isOverNames || event.altKey) {
      scroll.value = clamp(scroll.value + down, 0, highest.value)
    } else {
      // A pinch on a touchpad arrives as a wheel with Ctrl, in small steps.
      zoom(Math.exp(-down * (event.ctrlKey ? 0.012 : 0.0022)), timeAt(event.offsetX))
    }
  }

  function pan(by: number): void {
    if (shown.value) shown.value = moved(shown.value, duration.value, by)
  }

  interface Drag {
    kind: 'scrub' | 'mark' | 'pan' | 'overview'
    /** Of a stretch that is being marked: where it stays. */
    from: number
    x: number
    y: number
    window: Window
    scroll: number
    isMoved: boolean
  }
  let drag: Drag | null = null
  const fingers = new Map<number, number>()

  function onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return
    canvas.value?.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, event.offsetX)
    const { part } = placeAtPoint({ height: size.value.height, scroll: scroll.value }, event.offsetX, event.offsetY)
    const isRuler = part === 'head' && event.offsetX >= GUTTER_PX
    const kind = part === 'overview' ? 'overview' : !isRuler ? 'pan' : isHead(event.offsetX) ? 'scrub' : 'mark'
    const from = kind === 'mark' ? markedFrom(event.offsetX) : 0
    drag = {
      kind,
      from,
      x: event.offsetX,
      y: event.offsetY,
      window: window_.value,
      scroll: scroll.value,
      isMoved: false,
    }
    if (kind === 'overview') goOverview(event.offsetX)
  }

  /** Whether a point of the ruler takes hold of the playhead. */
  function isHead(x: number): boolean {
    return playhead.value !== null && Math.abs(x - playhead.value) <= HANDLE_PX
  }

  /** Where a stretch begins that is marked from a point on; at an edge of one that is marked already, its other edge. */
  function markedFrom(x: number): number {
    const now = options.scene().interval
    const at = (npt: number): number => GUTTER_PX + xOf(window_.value, trackWidth.value, npt)
    if (now && Math.abs(at(now.start) - x) <= REACH_PX) return now.end
    if (now && Math.abs(at(now.end) - x) <= REACH_PX) return now.start
    return timeAt(x)
  }

  function onPointerMove(event: PointerEvent): void {
    if (fingers.has(event.pointerId) && fingers.size === 2) return pinch(event)
    if (!drag) return hoverAt(event)
    const [across, down] = [event.offsetX - drag.x, event.offsetY - drag.y]
    drag.isMoved ||= Math.hypot(across, down) > DRAG_PX
    if (drag.kind === 'scrub') options.seek(timeAt(event.offsetX))
    else if (drag.kind === 'mark') {
      if (drag.isMoved) options.mark(between(drag.from, timeAt(event.offsetX), duration.value))
    } else if (drag.kind === 'overview') goOverview(event.offsetX)
    else if (drag.isMoved) {
      const perPixel = (drag.window.end - drag.window.start) / trackWidth.value
      if (shown.value) shown.value = moved(drag.window, duration.value, -across * perPixel)
      scroll.value = clamp(drag.scroll - down, 0, highest.value)
      hover.value = null
    }
  }

  function pinch(event: PointerEvent): void {
    const [a, b] = [...fingers.values()] as [number, number]
    fingers.set(event.pointerId, event.offsetX)
    const [c, d] = [...fingers.values()] as [number, number]
    const [before, now] = [Math.abs(a - b), Math.abs(c - d)]
    if (before > 10 && now > 10) zoom(now / before, timeAt((c + d) / 2))
    if (drag) drag.isMoved = true
  }

  function onPointerUp(event: PointerEvent): void {
    fingers.delete(event.pointerId)
    const was = drag
    drag = null
    if (!was || was.isMoved || event.type === 'pointercancel') return
    if (was.kind === 'mark') return options.seek(timeAt(event.offsetX))
    if (was.kind !== 'pan') return
    const entry = entryAt(event.offsetX, event.offsetY)
    const lane = laneAt(event.offsetX, event.offsetY)
    if (entry) {
      options.select(entry)
      options.seek(clamp(timeAt(event.offsetX), entry.start, Math.max(entry.end - 0.001, entry.start)))
    } else if (lane) {
      const next = lane.entries.find((one) => one.start > options.npt() + 0.01) ?? lane.entries[0]!
      options.select(next)
      options.seek(next.start)
    } else options.seek(timeAt(event.offsetX))
  }

  function goOverview(x: number): void {
    const at = clamp(((x - GUTTER_PX) / trackWidth.value) * duration.value, 0, duration.value)
    if (shown.value) shown.value = moved(shown.value, duration.value, at - (shown.value.start + shown.value.end) / 2)
    else options.seek(at)
  }

  function hoverAt(event: PointerEvent): void {
    const entry = event.pointerType === 'touch' ? null : entryAt(event.offsetX, event.offsetY)
    hover.value = entry && { entry, npt: timeAt(event.offsetX), x: event.offsetX, y: event.offsetY }
  }

  /** Bring a lane and a time into view. */
  function reveal(entry: Entry): void {
    const row = options.scene().lanes.findIndex((lane) => lane.key === entry.lane)
    const room = size.value.height - HEAD_PX - OVERVIEW_PX
    if (row >= 0 && room > 0) scroll.value = clamp(scroll.value, (row + 1) * LANE_PX - room, row * LANE_PX)
    scroll.value = clamp(scroll.value, 0, highest.value)
  }

  const leave = (): void => void (hover.value = null)
  return {
    size,
    window: window_,
    playhead,
    overviewHead,
    hover,
    isZoomed: computed(() => shown.value !== null),
    zoom,
    pan,
    reveal,
    repaint: ask,
    showAll: () => (shown.value = null),
    on: {
      wheel: onWheel,
      pointerdown: onPointerDown,
      pointermove: onPointerMove,
      pointerup: onPointerUp,
      pointercancel: onPointerUp,
      pointerleave: leave,
    },
  }
}

function lookOf(element: HTMLElement): Look {
  const style = getComputedStyle(element)
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ground: of('ground'),
    panel: of('panel'),
    raised: of('raised'),
    line: of('line'),
    text: of('text'),
    quiet: of('quiet'),
    accent: of('accent'),
  }
}
