import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { Size } from '@/lib/letterbox'

/** The size of an element's content, in CSS pixels with their fractions. Also changes when the screen's pixels do. */
export function useResizeObserver(element: Ref<HTMLElement | null>): Readonly<Ref<Size>> {
  const size = shallowRef<Size>({ width: 0, height: 0 })
  const observer = new ResizeObserver(([entry]) => {
    if (entry) size.value = { width: entry.contentRect.width, height: entry.contentRect.height }
  })
  watch(element, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  // Zooming in the browser, or moving to another screen, changes pixels and may leave the size as it is.
  const rescaled = (): void => void (size.value = { ...size.value })
  window.addEventListener('resize', rescaled)
  onScopeDispose(() => {
    observer.disconnect()
    window.removeEventListener('resize', rescaled)
  })
  return size
}
