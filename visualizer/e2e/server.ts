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

export interface Served {
  url: string
  /** Of an editor; empty where the service asks for none. */
  token: string
  browser: Browser
  /** Where its data and those of the seed lie. */
  folder: string
  /** Run Python at the top of the repository, over the same store; returns what it printed. */
  run: (args: string[]) => string
  /** Lose the server, as when its machine is switched off. */
  stop: () => Promise<void>
  /** Start it again where it was lost, at the same address. */
  start: () => Promise<void>
  close: () => Promise<void>
}

export interface Options {
  withToken?: boolean
  /** Writes the store, with Python run over it. */
  seed?: (run: Served['run'], folder: string) => unknown
  /** How the service is started. */
  command?: string[]
  /** Further variables of its environment, which may depend on the folder. */
  env?: (folder: string) => Record<string, string>
}

/** Seed a store, serve it on a free port, and open a browser. */
export async function serve({
  withToken = false,
  seed = (run, folder) => run(['visualizer/e2e/seed.py', folder]),
  command = ['server.py'],
  env: more = () => ({}),
}: Options = {}): Promise<Served> {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((path) => existsSync(path))
  if (!executablePath) throw new Error(`No Chromium at ${CHROMIUM.join(', ')}. Install it, or name it in CHROMIUM.`)
  const folder = mkdtempSync(join(tmpdir(), 'facerec-e2e-'))
  const data = join(folder, 'data')
  const env = {
    ...process.env,
    PYTHONPATH: ROOT,
    FACEREC_DATA_DIR: data,
    FACEREC_DATABASE__URI: `sqlite:///${join(data, 'facerec.db')}`,
    ...more(folder),
  }
  const run = (args: string[]): string => {
    const done = spawnSync(PYTHON, args, { cwd: ROOT, env, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args.join(' ')} failed: ${done.stderr || String(done.error)}`)
    return done.stdout
  }
  seed(run, folder)
  const made = withToken ? run(['-m', 'src', 'token', 'add', '--role', 'editor', '--name', 'e2e']) : ''
  const begin = (port: string): ChildProcess => spawn(PYTHON, [...command, '--port', port], { cwd: ROOT, env })
  let server = begin('0')
  const url = await addressOf(server)
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
  return {
    url,
    token: /fr_\w+_[\w-]+/.exec(made)?.[0] ?? '',
    browser,
    folder,
    run,
    stop: () => ended(server, 'SIGKILL'),
    start: async () => {
      if (server.exitCode === null && server.signalCode === null) return
      server = begin(new URL(url).port)
      await addressOf(server)
    },
    close: async () => {
      await browser.close()
      await ended(server, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** End a process by a signal, and by force where it does not end. */
export async function ended(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
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
