import { computed, type ComputedRef, ref, watch } from 'vue'
import type { Job } from '@/api/client'
import { timeLeft } from '@/lib/jobs'

interface Sight {
  at: number
  progress: number
}

/** Seconds that a job still takes, from how it went since this page first saw it at work; null while that cannot be told. */
export function useTimeLeft(job: () => Job | undefined): ComputedRef<number | null> {
  const first = ref<Sight & { id: string }>()
  const last = ref<Sight>()
  watch(
    () => {
      const one = job()
      return one?.status === 'running' ? ([one.job_id, one.attempts, one.progress] as const) : null
    },
    (now) => {
      if (!now) return void (first.value = last.value = undefined)
      const [job_id, attempts, progress] = now
      const [id, sight] = [`${job_id} ${attempts}`, { at: Date.now(), progress }]
      if (first.value?.id !== id || progress < first.value.progress) first.value = { id, ...sight }
      last.value = sight
    },
    { immediate: true },
  )
  return computed(() => (first.value && last.value ? timeLeft(first.value, last.value) : null))
}
