import { computed, type Ref, ref, watch } from 'vue'
import { revealing, rowsOf } from '@/lib/rows'
import { useResizeObserver } from './useResizeObserver'

const SETTLING_MS = 1000

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

  // What is chosen may open something that takes room from the list: it stays in sight then, too.
  let last = { at: -1, when: 0 }
  watch(size, () => last.at >= 0 && performance.now() - last.when < SETTLING_MS && show(last.at))

  /** Bring a row into sight. */
  function reveal(at: number): void {
    last = { at, when: performance.now() }
    show(at)
  }

  function show(at: number): void {
    if (element.value && at >= 0) {
      element.value.scrollTop = revealing(element.value.scrollTop, size.value.height, row, at)
      onScroll()
    }
  }

  return { rows, onScroll, reveal, page: computed(() => Math.max(Math.floor(size.value.height / row) - 1, 1)) }
}
