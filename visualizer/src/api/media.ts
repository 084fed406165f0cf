/** Lets pictures and films carry the token of this page, by the worker in public/sw.js. */

import { token } from './client'

const PATIENCE_MS = 3000

/**
 * Have the worker at hand where there is a token. Browsers know workers over https and on this machine alone.
 *
 * A worker that does not come in time, or at all, is not waited for: without it pictures and films are missing, and nothing else.
 */
export async function carryToken(): Promise<void> {
  if (!token.get() || !('serviceWorker' in navigator)) return
  navigator.serviceWorker.onmessage = ({ data, ports }) => {
    if (data === 'token') ports[0]?.postMessage(token.get())
  }
  const late = new Promise<void>((done) => setTimeout(done, PATIENCE_MS))
  await Promise.race([atHand(navigator.serviceWorker).catch(() => undefined), late])
}

async function atHand(workers: ServiceWorkerContainer): Promise<void> {
  await workers.register('/sw.js')
  if (workers.controller) return
  await new Promise<void>((done) => workers.addEventListener('controllerchange', () => done(), { once: true }))
}
