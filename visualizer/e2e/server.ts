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
  browser: Browser
  /** Where the store lies, as seed.py was told. */
  folder: string
  close: () => Promise<void>
}

export interface Options {
  withToken?: boolean
  /** What writes the store. */
  seed?: string
  /** Programs beside it that add to the store. */
  seeds?: string[]
  /** What serves it. */
  command?: string[]
  /** Further variables of the environment, which may depend on the folder. */
  settings?: Record<string, string> | ((folder: string) => Record<string, string>)
}

/** Seed a store, serve it on a free port, and open a browser. */
export async function serve({
  withToken = false,
  seed = 'seed.py',
  seeds = [],
  command = ['server.py'],
  settings = {},
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
    ...(typeof settings === 'function' ? settings(folder) : settings),
  }
  const run = (args: string[]): string => {
    const done = spawnSync(PYTHON, args, { cwd: ROOT, env, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args.join(' ')} failed: ${done.stderr || String(done.error)}`)
    return done.stdout
  }
  for (const one of [seed, ...seeds]) run([`visualizer/e2e/${one}`, folder])
  const made = withToken ? run(['-m', 'src', 'token', 'add', '--role', 'editor', '--name', 'e2e']) : ''
  const server = spawn(PYTHON, [...command, '--port', '0'], { cwd: ROOT, env })
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
