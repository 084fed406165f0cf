import { defineStore } from 'pinia'
import { reactive, toRefs, watch } from 'vue'

const NAME = 'facerec.drafts'

interface Kept {
  /** Of a project that is to be begun. */
  project: string
  /** Of people who are to be added, by project, as in all that follows. */
  names: Record<string, string>
  /** Of a video that is to be added, and of many. */
  addresses: Record<string, string>
  lists: Record<string, string>
  /** Of unknown people, by their number. */
  unknown: Record<string, Record<number, string>>
}

function kept(): Kept {
  const nothing: Kept = { project: '', names: {}, addresses: {}, lists: {}, unknown: {} }
  try {
    return { ...nothing, ...(JSON.parse(sessionStorage.getItem(NAME) ?? '{}') as Partial<Kept>) }
  } catch {
    return nothing
  }
}

/** What was typed and not sent yet: a walk to another page and back, a reload of this one, or a failure loses none of it. */
export const useDrafts = defineStore('drafts', () => {
  const all = reactive(kept())
  watch(all, (now) => {
    try {
      sessionStorage.setItem(NAME, JSON.stringify(now))
    } catch {
      // A list that is too long for the browser to keep stays until the page is left.
    }
  })
  return toRefs(all)
})
