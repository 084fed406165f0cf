import { ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** What a table shows, as the address says it: `?q=actualités&sort=-people`. */
export function useTableAddress(usual: string) {
  const route = useRoute()
  const router = useRouter()
  const search = ref(text(route.query.q))
  const sort = ref(text(route.query.sort) || usual)

  let timer = 0
  let written = ''
  watch([search, sort], () => {
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      written = `${search.value} ${sort.value}`
      const rest = Object.fromEntries(Object.entries(route.query).filter(([name]) => name !== 'q' && name !== 'sort'))
      const ours = {
        ...(search.value ? { q: search.value } : {}),
        ...(sort.value === usual ? {} : { sort: sort.value }),
      }
      void router.replace({ query: { ...rest, ...ours } })
    }, 150)
  })
  // The button of the browser that goes back changes the address, and so what is shown.
  watch(
    () => route.query,
    (query) => {
      const [words, order] = [text(query.q), text(query.sort) || usual]
      // What we wrote ourselves may be older than what somebody has typed since.
      if (`${words} ${order}` !== written) [search.value, sort.value] = [words, order]
    },
  )
  return { search, sort }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
