import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import vuetify from 'vite-plugin-vuetify'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds the service; the page itself always asks the origin that it came from. */
const API = process.env.VITE_API ?? 'http://127.0.0.1:5000'

export default defineConfig({
  plugins: [vue(), vuetify({ autoImport: true })],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // The server puts a fresh nonce in the place of this word each time: see src/api/page.py.
  html: { cspNonce: '__CSP_NONCE__' },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  server: {
    port: 5173,
    // The service looks at Origin: to it the request must look like one of its own page.
    proxy: Object.fromEntries(
      ['/api', '/docs', '/openapi.json', '/healthz'].map((path) => [
        path,
        {
          target: API,
          changeOrigin: true,
          configure: (proxy: { on: (event: 'proxyReq', heard: (request: Outgoing) => void) => void }) =>
            proxy.on('proxyReq', (request) => request.removeHeader('origin')),
        },
      ]),
    ),
  },
  test: {
    globals: true,
    environment: 'node',
    include: ['src/**/*.spec.ts'],
    server: { deps: { inline: ['vuetify'] } },
  },
})

interface Outgoing {
  removeHeader: (name: string) => void
}
