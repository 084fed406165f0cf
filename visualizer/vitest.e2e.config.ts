import { defineConfig } from 'vitest/config'

/** Against a real server, in the system's Chromium: `npm run e2e`, after `npm run build`. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each file has a server, a store and a browser of its own.
    maxWorkers: 2,
    // A machine that has other things to do shows frames late: what is wrong stays wrong when it is tried again.
    retry: 2,
    // What is waited for comes when it comes.
    expect: { poll: { timeout: 20_000 } },
  },
})
