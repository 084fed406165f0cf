/** Lets pictures and films carry the token of this page, by the worker in public/sw.js. */

import { token } from './client'

const PATIENCE_MS = 3000

/** Have the worker at hand where there is a token. Browsers know workers over https and on this machine alone. */
export async function carryToken(): Promise<void> {
  if (!token.get() || !('serviceWorker' in navigator)) return
  navigator.serviceWorker.onmessage = ({ data, ports }) => {
    if (data === 'token') ports[0]?.postMessage(token.get())
  }
  await navigator.serviceWorker.register('/sw.js')
  if (navigator.serviceWorker.controller) return
  await new Promise<void>((done) => {
    navigator.serviceWorker.addEventListener('controllerchange', () => done(), { once: true })
    setTimeout(done, PATIENCE_MS)
  })
}
