// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { answered, client, token } from './client'

const asked: (string | null)[] = []

/** A server that knows one token; `meanwhile` is what happens in the page before it answers. */
function serve(good: string, meanwhile: () => void = () => undefined): void {
  vi.stubGlobal('fetch', (request: Request) => {
    const given = request.headers.get('Authorization')
    asked.push(given)
    meanwhile()
    const isGood = given === `Bearer ${good}`
    const body = isGood ? { items: [] } : { code: 'unauthorized', detail: 'No good token.' }
    return Promise.resolve(Response.json(body, { status: isGood ? 200 : 401 }))
  })
}

const ask = () => answered(client.GET('/api/v1/jobs', { fetch: (request: Request) => fetch(request) }))

beforeEach(() => void (asked.length = 0))
afterEach(() => {
  vi.unstubAllGlobals()
  token.set('')
})

it('asks again with the right token where the wrong one was refused too late', async () => {
  token.set('wrong')
  serve('right', () => token.set('right'))
  await ask()
  expect(asked).toEqual(['Bearer wrong', 'Bearer right'])
})

it('takes a refusal for what it is', async () => {
  token.set('wrong')
  serve('right')
  await expect(ask()).rejects.toMatchObject({ status: 401, code: 'unauthorized' })
  expect(asked).toEqual(['Bearer wrong'])
})

it('asks without a token where there is none', async () => {
  serve('right')
  await expect(ask()).rejects.toMatchObject({ status: 401 })
  expect(asked).toEqual([null])
})
