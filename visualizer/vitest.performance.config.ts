import { defineConfig } from 'vitest/config'

/** Measures, and writes what was measured into README.md: `npm run performance`, after `npm run build`. */
export default defineConfig({
  test: { environment: 'node', include: ['e2e/performance.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
})
