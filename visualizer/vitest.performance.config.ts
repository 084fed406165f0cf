import { defineConfig } from 'vitest/config'

/** Measures, and writes what was measured into README.md: `npm run performance`, after `npm run build`. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/performance.ts', 'e2e/performance_people.ts'],
    // One after the other: they would measure each other.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
