import { reactive, watch } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter } from 'vue-router'

const PAUSE_MS = 200

/**
 * What the address of a page says of its view, as texts that can be changed; what is as usual is not written. One for a page.
 *
 * @param usual The names, each with the value it has where the address says nothing.
 */
export function useAddressQuery<T extends Record<string, string>>(usual: T): T {
  const route = useRoute()
  const router = useRouter()
  const read = (): T =>
    Object.fromEntries(
      Object.entries(usual).map(([name, value]) => [
        name,
        typeof route.query[name] === 'string' ? route.query[name] : value,
      ]),
    ) as T
  const view = reactive(read()) as T

  function written(): Record<string, string> {
    const ours = Object.keys(usual)
    const rest = Object.entries(route.query).filter(([name]) => !ours.includes(name))
    const said = ours.filter((name) => view[name] !== usual[name]).map((name) => [name, view[name]])
    return Object.fromEntries([...rest, ...said]) as Record<string, string>
  }

  let timer = 0
  let wrote = ''
  const path = route.path
  watch(view, () => {
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      if (route.path !== path) return
      const query = written()
      wrote = JSON.stringify(query)
      void router.replace({ query })
    }, PAUSE_MS)
  })
  // While the next page is fetched the address is this one's still: to write it now would call the way there off.
  onBeforeRouteLeave(() => clearTimeout(timer))
  watch(
    () => route.query,
    (query) => {
      // What comes back of our own writing is older than what was typed since.
      if (route.path === path && JSON.stringify(query) !== wrote) Object.assign(view, read())
    },
  )
  return view
}
