/** Server-sent events: what happens is told as it happens, for as long as somebody looks. */

import { answered, client, token } from './client'

export interface Listener {
  /** An event came. */
  heard: (name: string, data: unknown) => void
  /** The stream is open; what happened before it may have been missed. */
  opened: () => void
  /** It is closed, for now: it opens again by itself. Until then the state is to be asked for. */
  lost: () => void
}

export interface Stream {
  close: () => void
}

const AGAIN_MS = 4000
const LONGEST_MS = 15_000
const HIDDEN_MS = 20_000

/**
 * Listen until `close`. The browser opens a lost stream again by itself, with Last-Event-ID; one that was refused (503, where all
 * streams of the server are taken, or 401, where the cookie has aged) is asked for anew, ever less often. A page that nobody looks at
 * gives its place back: there are few on the server, and browsers keep few connections to one host.
 *
 * @param address From where; asked for each time, so that it can say what is known by then.
 * @param names Of the events that are listened to.
 */
export function openStream(address: () => string, names: readonly string[], listener: Listener): Stream {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let refusals = 0
  let isClosed = false
  // Whoever opens anew is not told by what was opened before.
  let turn = 0

  async function open(): Promise<void> {
    drop()
    const mine = turn
    await signIn(refusals > 0).catch(() => undefined)
    if (isClosed || mine !== turn) return
    const opened = (source = new EventSource(address()))
    opened.onopen = () => {
      refusals = 0
      listener.opened()
    }
    for (const name of names) {
      opened.addEventListener(name, (event) => listener.heard(name, JSON.parse((event as MessageEvent<string>).data)))
    }
    opened.onerror = () => {
      listener.lost()
      if (opened.readyState === EventSource.CLOSED && mine === turn) {
        timer = setTimeout(() => void open(), Math.min(AGAIN_MS * 2 ** refusals++, LONGEST_MS))
      }
    }
  }

  function drop(): void {
    turn++
    clearTimeout(timer)
    source?.close()
    source = null
  }

  function looked(): void {
    clearTimeout(timer)
    if (!document.hidden) {
      if (!source || source.readyState === EventSource.CLOSED) void open()
      return
    }
    timer = setTimeout(() => {
      drop()
      listener.lost()
    }, HIDDEN_MS)
  }

  document.addEventListener('visibilitychange', looked)
  void open()
  if (document.hidden) looked()
  return {
    close: () => {
      isClosed = true
      document.removeEventListener('visibilitychange', looked)
      drop()
    },
  }
}

let signedIn: { token: string; done: Promise<unknown> } | null = null

/** Exchange the token for a cookie: an `EventSource` cannot send a token, and an address must not hold one. */
async function signIn(isAnew: boolean): Promise<void> {
  const mine = token.get()
  if (!mine) return
  if (isAnew || signedIn?.token !== mine) signedIn = { token: mine, done: answered(client.POST('/api/v1/session')) }
  await signedIn.done
}
