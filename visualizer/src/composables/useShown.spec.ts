import { nextTick, ref } from 'vue'
import { type Asked, useShown } from './useShown'

function asked(): { [Name in keyof Asked]: Asked[Name] } {
  return { data: ref<unknown>(), error: ref<Error | null>(null), errorUpdateCount: ref(0), isFetching: ref(true) }
}

async function fails(query: Asked, message: string): Promise<void> {
  query.error.value = new Error(message)
  query.errorUpdateCount.value++
  query.isFetching.value = false
  await nextTick()
}

/** What vue-query does with a query that has nothing to show, when it is asked for again. */
async function isAskedAgain(query: Asked): Promise<void> {
  query.error.value = null
  query.isFetching.value = true
  await nextTick()
}

describe('what is shown of a query', () => {
  it('is that it loads, until it is there', async () => {
    const query = asked()
    const { state } = useShown(query)
    expect(state.value).toBe('loading')
    query.data.value = []
    expect(state.value).toBe('ready')
  })

  it('stays an error, with its reason, while it is asked for again', async () => {
    const query = asked()
    const { state, error, isBusy } = useShown(query)
    await fails(query, 'gone')
    expect([state.value, error.value?.message, isBusy.value]).toEqual(['error', 'gone', false])
    await isAskedAgain(query)
    expect([state.value, error.value?.message, isBusy.value]).toEqual(['error', 'gone', true])
    await fails(query, 'gone for good')
    expect([state.value, error.value?.message]).toEqual(['error', 'gone for good'])
    await isAskedAgain(query)
    query.data.value = 1
    expect(state.value).toBe('ready')
  })

  it('stays what was there when it cannot be renewed', async () => {
    const query = asked()
    const { state } = useShown(query)
    query.data.value = null
    await fails(query, 'away')
    expect(state.value).toBe('ready')
  })

  it('begins anew where everything known was thrown away', async () => {
    const query = asked()
    const { state } = useShown(query)
    await fails(query, 'a token is needed')
    query.errorUpdateCount.value = 0
    await isAskedAgain(query)
    expect(state.value).toBe('loading')
  })

  it('needs all of several queries, and tells of the one that failed', async () => {
    const [one, other] = [asked(), asked()]
    const { state, error } = useShown(one, other)
    one.data.value = 1
    expect(state.value).toBe('loading')
    await fails(other, 'no')
    expect([state.value, error.value?.message]).toEqual(['error', 'no'])
    other.data.value = 2
    expect(state.value).toBe('ready')
  })
})
