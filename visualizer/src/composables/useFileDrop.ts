import { onScopeDispose, ref } from 'vue'

/** Files that are dropped anywhere on the page; `isOver` while they are held over it. What else is dragged is left alone. */
export function useFileDrop(take: (files: File[]) => void) {
  const isOver = ref(false)
  let depth = 0
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

  const listeners: Record<string, (event: DragEvent) => void> = {
    dragenter: (event) => {
      if (hasFiles(event)) isOver.value = ++depth > 0
    },
    dragleave: (event) => {
      if (hasFiles(event)) isOver.value = --depth > 0
    },
    dragover: (event) => {
      if (hasFiles(event)) event.preventDefault()
    },
    drop: (event) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      ;[depth, isOver.value] = [0, false]
      take([...(event.dataTransfer?.files ?? [])])
    },
  }
  for (const [name, heard] of Object.entries(listeners)) window.addEventListener(name, heard as EventListener)
  onScopeDispose(() => {
    for (const [name, heard] of Object.entries(listeners)) window.removeEventListener(name, heard as EventListener)
  })
  return isOver
}
