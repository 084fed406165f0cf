import { computed, type Ref, ref } from 'vue'
import { revealing, rowsOf } from '@/lib/rows'
import { useResizeObserver } from './useResizeObserver'

export interface VirtualOptions {
  /** What is scrolled. */
  element: Ref<HTMLElement | null>
  count: () => number
  /** Height of each row in pixels. */
  row: number
}

/** A list of thousands of rows of which those in sight are drawn. */
export function useVirtual({ element, count, row }: VirtualOptions) {
  const size = useResizeObserver(element)
  const scroll = ref(0)
  const rows = computed(() => rowsOf(scroll.value, size.value.height, row, count()))

  function onScroll(): void {
    scroll.value = element.value?.scrollTop ?? 0
  }

  /** Bring a row into sight. */
  function reveal(at: number): void {
    if (element.value && at >= 0) {
      element.value.scrollTop = revealing(element.value.scrollTop, size.value.height, row, at)
      onScroll()
    }
  }

  return { rows, onScroll, reveal, page: computed(() => Math.max(Math.floor(size.value.height / row) - 1, 1)) }
}
