import { defineStore } from 'pinia'
import { ref } from 'vue'
import { emptyHistory, type History } from '@/lib/history'

/** What was said on this page since it was opened, by project: undo outlives a walk to another video and back. */
export const useDecisionHistory = defineStore('decisions', () => {
  const histories = ref<Record<string, History<string>>>({})
  const of = (project: string): History<string> => histories.value[project] ?? emptyHistory()
  const keep = (project: string, history: History<string>): void => void (histories.value[project] = history)
  return { of, keep }
})
