/** A real server over a seeded store, and a browser that looks at it. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const ROOT = resolve(import.meta.dirname, '../..')
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const PYTHON = process.env.PYTHON ?? join(ROOT, '.venv/bin/python')

export interface Served {
  url: string
  /** Of an editor; empty where the service asks for none. */
  token: string
  /** With the store under `data/`, and the film. */
  folder: string
  /** Runs Python beside the server, on the same store. */
  python: (args: string[]) => string
  browser: Browser
  close: () => Promise<void>
}

export interface Serving {
  withToken?: boolean
  /** What writes the store. */
  seed?: string
  /** Of the sample film; what the browser can play where nothing is said. */
  codec?: Codec
  /** Further settings, as environment variables. */
  settings?: Record<string, string>
}

export const CODECS = { h264: 'video/mp4; codecs="avc1.64001E"', vp9: 'video/webm; codecs="vp9"' } as const
export type Codec = keyof typeof CODECS

/** Whether a browser says that it plays a codec. */
export async function plays(browser: Browser, codec: Codec): Promise<boolean> {
  const page = await browser.newPage()
  const found = await page.evaluate((type) => document.createElement('video').canPlayType(type), CODECS[codec])
  await page.close()
  return found === 'probably'
}

/** Seed a store, serve it on a free port, and open a browser. */
export async function serve({
  withToken = false,
  seed = 'visualizer/e2e/seed.py',
  codec,
  settings = {},
}: Serving = {}): Promise<Served> {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((path) => existsSync(path))
  if (!executablePath) throw new Error(`No Chromium at ${CHROMIUM.join(', ')}. Install it, or name it in CHROMIUM.`)
  const folder = mkdtempSync(join(tmpdir(), 'facerec-e2e-'))
  const data = join(folder, 'data')
  const env = {
    ...process.env,
    PYTHONPATH: ROOT,
    FACEREC_DATA_DIR: data,
    FACEREC_DATABASE__URI: `sqlite:///${join(data, 'facerec.db')}`,
    ...settings,
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
  // Not every build of Chromium has H.264: the film is VP9 then, and all else stays the same.
  const chosen = codec ?? ((await plays(browser, 'h264')) ? 'h264' : 'vp9')
  const run = (args: string[]): string => {
    const done = spawnSync(PYTHON, args, { cwd: ROOT, env, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args.join(' ')} failed: ${done.stderr || String(done.error)}`)
    return done.stdout
  }
  run([seed, folder, ...(chosen === 'vp9' ? ['vp9'] : [])])
  const made = withToken ? run(['-m', 'src', 'token', 'add', '--role', 'editor', '--name', 'e2e']) : ''
  const server = spawn(PYTHON, ['server.py', '--port', '0'], { cwd: ROOT, env })
  const url = await addressOf(server)
  return {
    url,
    folder,
    python: run,
    token: /fr_\w+_[\w-]+/.exec(made)?.[0] ?? '',
    browser,
    close: async () => {
      await browser.close()
      server.kill()
      await new Promise((done) => server.once('exit', done))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What the server says when it listens. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = ''
    const heard = (data: Buffer): void => {
      said += data.toString()
      const address = /Serving (http:\S+)/.exec(said)?.[1]
      if (address) found(address)
    }
    server.stdout?.on('data', heard)
    server.stderr?.on('data', heard)
    server.once('exit', () => failed(new Error(`The server ended: ${said}`)))
  })
}
