import { defineConfig } from 'vitest/config'

/** Takes the pictures of the documentation: `npm run screenshots`, after `npm run build`. */
export default defineConfig({
  test: { environment: 'node', include: ['e2e/screenshots.ts'], testTimeout: 120_000 },
})
