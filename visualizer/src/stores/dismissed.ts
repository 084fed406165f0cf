import { defineStore } from 'pinia'
import { ref } from 'vue'

/** Jobs that somebody has seen the end of and does not want to see beside their work any more; the list of jobs still has them. */
export const useDismissed = defineStore('dismissed', () => {
  const jobs = ref<ReadonlySet<string>>(new Set())

  function dismiss(jobId: string): void {
    jobs.value = new Set([...jobs.value, jobId])
  }

  return { jobs, dismiss }
})
