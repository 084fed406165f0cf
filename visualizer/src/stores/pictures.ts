import { defineStore } from 'pinia'
import { ref } from 'vue'
import { emptyHistory, type History } from '@/lib/history'
import type { Change } from '@/lib/pictures'

const RECENT = 12

/** What was done with pictures since the page was opened, by project, and whom pictures were given to last. */
export const usePictureHistory = defineStore('pictures', () => {
  const histories = ref<Record<string, History<Change>>>({})
  const targets = ref<Record<string, string[]>>({})

  const of = (project: string): History<Change> => histories.value[project] ?? emptyHistory()
  const keep = (project: string, history: History<Change>): void => void (histories.value[project] = history)
  const recent = (project: string): string[] => targets.value[project] ?? []

  function gave(project: string, personId: string): void {
    targets.value[project] = [personId, ...recent(project).filter((id) => id !== personId)].slice(0, RECENT)
  }

  return { of, keep, recent, gave }
})
