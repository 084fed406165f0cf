import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import { fit, framePoint, type Size } from '@/lib/letterbox'
import { type Mark, markAt, marksAt, paint, type Scene } from '@/lib/overlay'
import { useResizeObserver } from './useResizeObserver'

export interface OverlayOptions {
  canvas: Ref<HTMLCanvasElement | null>
  scene: () => Scene
  /** Of the picture as the player shows it. */
  shown: () => Size
  /** Of the decoded frame, that boxes are measured in. */
  frame: () => Size
}

/** Draws the faces over the frame that is shown: `draw` is called for each frame, and by itself when anything else changes. */
export function useFaceOverlay({ canvas, scene, shown, frame }: OverlayOptions) {
  const size = useResizeObserver(canvas)
  const marks = shallowRef<Mark[]>([])
  let npt = 0
  let asked = 0

  function draw(time: number = npt): void {
    npt = time
    const element = canvas.value
    const context = element?.getContext('2d')
    if (!element || !context || !size.value.width || !size.value.height) return
    const ratio = window.devicePixelRatio
    const [w, h] = [Math.round(size.value.width * ratio), Math.round(size.value.height * ratio)]
    if (element.width !== w || element.height !== h) [element.width, element.height] = [w, h]
    context.setTransform(w / size.value.width, 0, 0, h / size.value.height, 0, 0)
    context.clearRect(0, 0, size.value.width, size.value.height)
    const found = marksAt(scene(), time)
    if (found.length || marks.value.length) marks.value = found
    const place = fit(size.value, shown(), frame())
    if (place) paint(context, place, found)
  }

  watch([scene, shown, frame, size], () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0
      draw()
    })
  })
  onScopeDispose(() => cancelAnimationFrame(asked))

  /** The face at a point of the canvas. */
  function at(x: number, y: number): Mark | null {
    const place = fit(size.value, shown(), frame())
    if (!place) return null
    const point = framePoint(place, x, y)
    return markAt(marks.value, point.x, point.y)
  }

  return { marks, draw, at }
}
