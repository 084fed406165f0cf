import { shallowRef, watch } from 'vue'
import { type LocationQueryRaw, useRoute, useRouter } from 'vue-router'
import type { Query } from '@/lib/addresses'

/** A view that stands in the address: it changes with it, and the address with the view. */
export function useAddress<T extends object>(read: (query: Query) => T, write: (view: T) => LocationQueryRaw) {
  const route = useRoute()
  const router = useRouter()
  const own = route.name
  const view = shallowRef(read(route.query))
  watch(
    () => route.query,
    (query) => {
      if (route.name === own) view.value = read(query)
    },
  )

  /** Change a part of the view; `push` leaves the view of before to the button Back. */
  function change(part: Partial<T>, how: 'replace' | 'push' = 'replace'): void {
    view.value = { ...view.value, ...part }
    void router[how]({ query: write(view.value) })
  }

  return { view, change }
}
