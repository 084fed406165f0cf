/** A real server over a seeded store, and a browser that looks at it. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

export const ROOT = resolve(import.meta.dirname, '../..')
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const PYTHON = process.env.PYTHON ?? join(ROOT, '.venv/bin/python')
const PATIENCE_MS = 10_000
const SEEDS = 'visualizer/e2e'

export interface Served {
  url: string
  /** Of an editor; empty where the service asks for none. */
  token: string
  browser: Browser
  /** Where the seeds wrote: the film, and the store under `data/`. */
  folder: string
  /** Run Python at the top of the repository, over the same store; returns what it printed. */
  python: (args: string[]) => string
  /** Run it beside the server. */
  beside: (args: string[]) => ChildProcess
  /** Lose the server, as when its machine is switched off. */
  stop: () => Promise<void>
  /** Start it again where it was lost, at the same address. */
  start: () => Promise<void>
  close: () => Promise<void>
}

export interface Serving {
  withToken?: boolean
  /** What writes the store: a program that is given the folder, or a function. */
  seed?: string | ((python: Served['python'], folder: string) => unknown)
  /** Programs of this folder that add to it. */
  seeds?: string[]
  /** Of the sample film; what the browser can play where nothing is said. */
  codec?: Codec
  /** How the service is started. */
  command?: string[]
  /** Further settings, as environment variables, which may depend on the folder. */
  settings?: Record<string, string> | ((folder: string) => Record<string, string>)
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
  seed = `${SEEDS}/seed.py`,
  seeds = [],
  codec,
  command = ['server.py'],
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
    ...(typeof settings === 'function' ? settings(folder) : settings),
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
  // Not every build of Chromium has H.264: the film is VP9 then, and all else stays the same.
  const chosen = codec ?? ((await plays(browser, 'h264')) ? 'h264' : 'vp9')
  const python = (args: string[]): string => {
    const done = spawnSync(PYTHON, args, { cwd: ROOT, env, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args.join(' ')} failed: ${done.stderr || String(done.error)}`)
    return done.stdout
  }
  if (typeof seed === 'string') python([seed, folder, ...(chosen === 'vp9' ? ['vp9'] : [])])
  else await seed(python, folder)
  for (const more of seeds) python([`${SEEDS}/${more}`, folder])
  const made = withToken ? python(['-m', 'src', 'token', 'add', '--role', 'editor', '--name', 'e2e']) : ''
  const beside = (args: string[]): ChildProcess => spawn(PYTHON, args, { cwd: ROOT, env })
  let server = beside([...command, '--port', '0'])
  const url = await addressOf(server)
  return {
    url,
    token: /fr_\w+_[\w-]+/.exec(made)?.[0] ?? '',
    browser,
    folder,
    python,
    beside,
    stop: () => ended(server, 'SIGKILL'),
    start: async () => {
      if (isRunning(server)) return
      server = beside([...command, '--port', new URL(url).port])
      await addressOf(server)
    },
    close: async () => {
      await browser.close()
      await ended(server, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isRunning(process: ChildProcess): boolean {
  return process.exitCode === null && process.signalCode === null
}

/** End a process by a signal, and by force where it does not end. */
async function ended(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(process)) return
  const gone = new Promise((done) => process.once('exit', done))
  process.kill(signal)
  const timer = setTimeout(() => process.kill('SIGKILL'), PATIENCE_MS)
  await gone
  clearTimeout(timer)
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
