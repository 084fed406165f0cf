// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { token } from './client'
import { carryToken } from './media'

/** Workers as a browser has them: one may be registered, and takes over the page when it is told to. */
class Workers extends EventTarget {
  controller: object | null = null
  onmessage: ((event: { data: unknown; ports: { postMessage: (text: string) => void }[] }) => void) | null = null
  register = vi.fn<(url: string) => Promise<void>>(() => Promise.resolve())

  takesOver(): void {
    this.dispatchEvent(new Event('controllerchange'))
  }
}

let workers: Workers

beforeEach(() => {
  vi.useFakeTimers()
  workers = new Workers()
  Object.defineProperty(navigator, 'serviceWorker', { value: workers, configurable: true })
  token.set('fr_x')
})
afterEach(() => {
  vi.useRealTimers()
  token.set('')
})

/** Whether it has come to an end after all that was ready has happened. */
async function isOver(work: Promise<void>): Promise<boolean> {
  let over = false
  void work.then(() => (over = true))
  await vi.advanceTimersByTimeAsync(0)
  return over
}

it('waits for the worker, which is told the token when it asks', async () => {
  const carried = carryToken()
  expect(await isOver(carried)).toBe(false)
  workers.takesOver()
  expect(await isOver(carried)).toBe(true)
  const postMessage = vi.fn()
  workers.onmessage!({ data: 'token', ports: [{ postMessage }] })
  expect(postMessage).toHaveBeenCalledWith('fr_x')
})

it.each([
  ['never comes', () => new Promise<void>(() => undefined)],
  ['does not take over', () => Promise.resolve()],
])('goes on without one that %s', async (_, register) => {
  workers.register.mockImplementation(register)
  const carried = carryToken()
  expect(await isOver(carried)).toBe(false)
  await vi.advanceTimersByTimeAsync(5000)
  expect(await isOver(carried)).toBe(true)
})

it('goes on at once where the browser wants no worker, and asks for none without a token', async () => {
  workers.register.mockImplementation(() => Promise.reject(new DOMException('refused', 'SecurityError')))
  expect(await isOver(carryToken())).toBe(true)
  token.set('')
  workers.register.mockClear()
  expect(await isOver(carryToken())).toBe(true)
  expect(workers.register).not.toHaveBeenCalled()
})
