import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Notice {
  id: number
  text: string
  kind: 'done' | 'error'
  action?: { label: string; run: () => void }
}

/** What is told at the edge of the page, one at a time. */
export const useNotices = defineStore('notices', () => {
  const current = ref<Notice | null>(null)
  let count = 0

  function tell(text: string, action?: Notice['action']): void {
    current.value = { id: ++count, text, kind: 'done', action }
  }

  function warn(text: string, action?: Notice['action']): void {
    current.value = { id: ++count, text, kind: 'error', action }
  }

  return { current, tell, warn }
})
