import { defineStore } from 'pinia'
import { ref } from 'vue'

/** What was typed and not sent yet, by project: a walk to another page and back, or a failure, loses none of it. */
export const useDrafts = defineStore('drafts', () => {
  const names = ref<Record<string, string>>({})
  /** Of a video that is to be added, and of many. */
  const addresses = ref<Record<string, string>>({})
  const lists = ref<Record<string, string>>({})
  return { names, addresses, lists }
})
