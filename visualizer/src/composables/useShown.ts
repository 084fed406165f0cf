import { computed, type Ref, shallowRef, watch } from 'vue'

/** What is needed of a query of vue-query. */
export interface Asked {
  data: Ref<unknown>
  error: Ref<Error | null>
  errorUpdateCount: Ref<number>
  isFetching: Ref<boolean>
}

/**
 * Whether what some queries ask for is there, is on its way, or cannot be had.
 *
 * What was there once stays to be seen when it cannot be renewed. What could not be had is not said to be on its way again each time
 * that it is asked for once more: a page whose server is lost stands still.
 */
export function useShown(...queries: Asked[]) {
  const missing = computed(() => queries.filter((one) => one.data.value === undefined))
  const failed = computed(() =>
    missing.value.filter((one) => one.error.value !== null || one.errorUpdateCount.value > 0),
  )
  const state = computed(() => {
    if (!missing.value.length) return 'ready' as const
    return failed.value.length ? ('error' as const) : ('loading' as const)
  })
  // While it is asked for again a query forgets why it failed before.
  const error = shallowRef<Error | null>(null)
  watch(
    () => failed.value.map((one) => one.error.value).find((one) => one !== null),
    (now) => (error.value = now ?? error.value),
    { immediate: true },
  )
  const isBusy = computed(() => failed.value.some((one) => one.isFetching.value))
  return { state, error, isBusy }
}
