// Pictures and films fetch themselves, and cannot send a token. Where the service asks for one, this sends it with them: it asks the
// page whose picture it is, and keeps nothing. Registered only by a page that has a token: see src/api/media.ts.

const KEPT = ['Accept', 'Range', 'If-Range', 'If-None-Match', 'If-Modified-Since']
const PATIENCE_MS = 2000

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  const isMedia = ['image', 'video', 'audio'].includes(request.destination)
  if (isMedia && request.method === 'GET' && origin === self.location.origin && pathname.startsWith('/api/v1/')) {
    event.respondWith(withToken(request, event.clientId))
  }
})

async function withToken(request, clientId) {
  const headers = new Headers()
  for (const name of KEPT) if (request.headers.has(name)) headers.set(name, request.headers.get(name))
  const token = await tokenOf(clientId)
  if (token) headers.set('Authorization', `Bearer ${token}`)
  return fetch(request.url, { headers, mode: 'same-origin', credentials: 'omit', signal: request.signal })
}

async function tokenOf(clientId) {
  const page = await self.clients.get(clientId)
  if (!page) return ''
  return new Promise((found) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => found(typeof data === 'string' ? data : '')
    setTimeout(() => found(''), PATIENCE_MS)
    page.postMessage('token', [port2])
  })
}
