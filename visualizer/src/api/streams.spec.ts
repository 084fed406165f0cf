// @vitest-environment happy-dom
import { client, token } from './client'
import { openStream } from './streams'

class FakeSource extends EventTarget {
  static all: FakeSource[] = []
  static readonly CLOSED = 2
  readyState = 0
  onopen = (): void => undefined
  onerror = (): void => undefined

  constructor(readonly url: string) {
    super()
    FakeSource.all.push(this)
  }

  open(): void {
    this.readyState = 1
    this.onopen()
  }

  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }

  fail(readyState: number): void {
    this.readyState = readyState
    this.onerror()
  }

  close(): void {
    this.readyState = 2
  }
}

const listener = { heard: vi.fn(), opened: vi.fn(), lost: vi.fn() }
const post = vi.spyOn(client, 'POST')
let last = 0
let isHidden = false

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  FakeSource.all = []
  last = 0
  vi.stubGlobal('EventSource', FakeSource)
  post.mockResolvedValue({ data: {}, response: new Response() } as never)
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => isHidden)
})
afterEach(() => {
  token.set('')
  isHidden = false
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const opened = () => openStream(() => `/stream?after=${last}`, ['log', 'end'], listener)
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

function hide(value: boolean): void {
  isHidden = value
  document.dispatchEvent(new Event('visibilitychange'))
}

it('tells the events that were asked for', async () => {
  const stream = opened()
  await settled()
  const [source] = FakeSource.all
  source!.open()
  source!.say('log', { number: 1 })
  source!.say('other', {})
  expect(listener.opened).toHaveBeenCalledOnce()
  expect(listener.heard.mock.calls).toEqual([['log', { number: 1 }]])
  expect(post).not.toHaveBeenCalled()
  stream.close()
  expect(source!.readyState).toBe(FakeSource.CLOSED)
})

it('leaves a lost connection to the browser, which sends Last-Event-ID', async () => {
  const stream = opened()
  await settled()
  FakeSource.all[0]!.fail(0)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(listener.lost).toHaveBeenCalledOnce()
  expect(FakeSource.all.length).toBe(1)
  stream.close()
})

it('asks anew after a refusal, from what is known by then, and ever less often', async () => {
  const stream = opened()
  await settled()
  const waits = []
  for (let refusal = 1; refusal <= 4; refusal++) {
    last = refusal
    const before = Date.now()
    FakeSource.all.at(-1)!.fail(FakeSource.CLOSED)
    while (FakeSource.all.length === refusal) await vi.advanceTimersByTimeAsync(1000)
    waits.push((Date.now() - before) / 1000)
    expect(FakeSource.all.at(-1)!.url).toBe(`/stream?after=${refusal}`)
  }
  expect(waits).toEqual([4, 8, 15, 15])
  stream.close()
  FakeSource.all.at(-1)!.fail(FakeSource.CLOSED)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(FakeSource.all.length).toBe(5)
})

it('exchanges a token for a cookie before it listens, and again after a refusal: no address holds it', async () => {
  token.set('fr_secret')
  const stream = opened()
  await settled()
  expect(post.mock.calls).toEqual([['/api/v1/session']])
  FakeSource.all[0]!.fail(FakeSource.CLOSED)
  await vi.advanceTimersByTimeAsync(5000)
  expect(post).toHaveBeenCalledTimes(2)
  expect(FakeSource.all.map(({ url }) => url).join()).not.toContain('secret')
  stream.close()
})

it('gives its place back while nobody looks, and listens again when somebody does', async () => {
  const stream = opened()
  await settled()
  hide(true)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(FakeSource.all[0]!.readyState).toBe(0)
  await vi.advanceTimersByTimeAsync(15_000)
  expect(FakeSource.all[0]!.readyState).toBe(FakeSource.CLOSED)
  expect(listener.lost).toHaveBeenCalledOnce()
  hide(false)
  await settled()
  expect(FakeSource.all.length).toBe(2)
  stream.close()
})

it('keeps its place where somebody looks away for a moment', async () => {
  const stream = opened()
  await settled()
  hide(true)
  await vi.advanceTimersByTimeAsync(5000)
  hide(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(FakeSource.all.length).toBe(1)
  expect(FakeSource.all[0]!.readyState).toBe(0)
  stream.close()
})
