import { onScopeDispose, ref, type Ref } from 'vue'

/** The present moment in milliseconds, every so often: for times that say how long ago something was. */
export function useNow(everyMs = 1000): Ref<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), everyMs)
  onScopeDispose(() => clearInterval(timer))
  return now
}
