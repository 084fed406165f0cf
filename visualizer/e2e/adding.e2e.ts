/** Videos are added as people have them: a path, an address, a playlist, files, a list; by hand and with everything that goes wrong. */

import { createReadStream, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'

const ROOT = resolve(import.meta.dirname, '../..')
const JOB = { timeout: 90_000 }

let served: Served | undefined
let elsewhere: Server | undefined
let archive = ''
let film = ''

/** An archive that serves its films by ranges, and a feed that lists two of them. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url!, 'http://x')
  if (pathname === '/feed') {
    const items = ['one', 'two'].map((n) => `<item><title>${n}</title><link>${archive}/${n}.mp4</link></item>`).join('')
    response.setHeader('Content-Type', 'application/rss+xml')
    return void response.end(
      `<?xml version="1.0"?><rss version="2.0"><channel><title>Two films</title>${items}</channel></rss>`,
    )
  }
  if (!pathname.endsWith('.mp4') || !film) return void response.writeHead(404).end()
  const { size } = statSync(film)
  const [from = 0, to = size - 1] = (/bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [])
    .slice(1)
    .map((text) => (text === '' ? size - 1 : Number(text)))
  const isPart = request.headers.range !== undefined
  response.writeHead(isPart ? 206 : 200, {
    'Content-Type': 'video/mp4',
    'Accept-Ranges': 'bytes',
    ETag: '"1"',
    'Content-Length': to - from + 1,
    ...(isPart ? { 'Content-Range': `bytes ${from}-${to}/${size}` } : {}),
  })
  if (request.method === 'HEAD') return void response.end()
  createReadStream(film, { start: from, end: to }).pipe(response)
}

beforeAll(async () => {
  elsewhere = createServer(answer)
  await new Promise<void>((done) => elsewhere!.listen(0, '127.0.0.1', done))
  archive = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  served = await serve({
    codec: 'h264',
    seeds: ['seed_people.py'],
    settings: (folder) => ({
      PYTHONPATH: `${ROOT}:${join(ROOT, 'visualizer/e2e/drawn')}`,
      FACEREC_FETCH__ALLOW_NETWORKS: '["127.0.0.1/32"]',
      FACEREC_SITES__HOSTS: '["127.0.0.1"]',
      FACEREC_SERVER__VIDEO_DIRS: JSON.stringify([folder]),
      FACEREC_WORKER__NICE: '0',
    }),
  })
  film = join(served.folder, 'cast.mp4')
})
afterAll(async () => {
  await served?.close()
  await new Promise((done) => (elsewhere ? elsewhere.close(done) : done(null)))
})

async function open(project = 'cast'): Promise<Page> {
  const page = await served!.browser.newPage({ locale: 'en-GB', viewport: { width: 1280, height: 900 } })
  await page.goto(`${served!.url}/projects/${project}/videos`)
  await page.getByRole('textbox', { name: /^Address/ }).waitFor()
  return page
}

async function add(page: Page, address: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Address/ }).fill(address)
  await page.keyboard.press('Enter')
}

const jobs = async (page: Page): Promise<{ params: { video: string }; status: string; error: string }[]> =>
  (await (await page.request.get(`${served!.url}/api/v1/jobs?project=cast&limit=100`)).json()).items

it('by the path of a file on the server, and the page tells where there is none', async () => {
  const page = await open()
  await add(page, 'nothing.mp4')
  await page.getByText(/nothing\.mp4.*names nothing that is there/).waitFor()
  await expect.poll(() => page.getByRole('textbox', { name: /^Address/ }).inputValue()).toBe('nothing.mp4')
  await add(page, 'boxes.mp4#t=1,3')
  await page.getByText('“boxes.mp4#t=1,3” is being analysed.').waitFor()
  await expect.poll(() => page.getByRole('textbox', { name: /^Address/ }).inputValue()).toBe('')
  await page.getByRole('link', { name: 'boxes' }).waitFor(JOB)
  await page.close()
})

it('by an address', async () => {
  const page = await open()
  await add(page, `${archive}/far.mp4`)
  await page.getByText(`“${archive}/far.mp4” is being analysed.`).waitFor()
  const row = page.getByRole('row').filter({ hasText: `${archive}/far.mp4` })
  await row.waitFor(JOB)
  await expect.poll(() => row.textContent(), JOB).toMatch(/[1-9]/)
  await page.close()
})

it('a playlist of a site becomes a job for each of its videos, and the page says so', async () => {
  const has = served!.python(['-c', 'import importlib.util as i; print(bool(i.find_spec("yt_dlp")))']).trim()
  if (has !== 'True') return console.warn('Left out: yt-dlp is not installed (pip install -r requirements-sites.txt).')
  const page = await open()
  await add(page, `${archive}/feed`)
  await page.getByText(/“Two films.*”: 2 videos of it are being analysed\./).waitFor(JOB)
  for (const name of ['one', 'two'])
    await page
      .getByRole('row')
      .filter({ hasText: `${archive}/${name}.mp4` })
      .waitFor(JOB)
  expect((await jobs(page)).filter(({ params }) => /one|two/.test(params.video ?? '')).length).toBe(2)
  await page.close()
})

it('as files: one that is no film hinders no other, and stays to be taken away', async () => {
  const page = await open()
  const wrong = join(served!.folder, 'words.mp4')
  writeFileSync(wrong, 'These are words, and no film.')
  await page.locator('input[type=file][multiple]').setInputFiles([wrong, film])
  const uploads = page.getByRole('list', { name: 'On their way' })
  await uploads.getByRole('alert').waitFor()
  await expect.poll(() => uploads.getByRole('listitem').count(), JOB).toBe(1)
  await page.getByText('“cast.mp4” is being analysed.').waitFor()
  // It is known already, by what it holds: nothing is kept twice.
  await uploads.getByRole('button', { name: 'Do not send words.mp4' }).click()
  await uploads.waitFor({ state: 'detached' })
  await page.close()
})

it('a file goes on from where it was when the server was lost, also while somebody looks at something else', async () => {
  const page = await open()
  let nLost = 0
  await page.route('**/api/v1/uploads/*', (route) =>
    route.request().method() === 'PATCH' && nLost++ === 0 ? route.abort('connectionrefused') : route.continue(),
  )
  await page.locator('input[type=file][multiple]').setInputFiles(join(served!.folder, 'boxes.mp4'))
  await page.getByText('waiting for the server').waitFor()
  await page.getByRole('link', { name: 'People', exact: true }).click()
  await page
    .getByRole('link', { name: /Ann Ace/ })
    .first()
    .waitFor()
  const before = (await jobs(page)).length
  await expect.poll(async () => (await jobs(page)).length, JOB).toBeGreaterThanOrEqual(before)
  await expect.poll(() => nLost, JOB).toBeGreaterThan(1)
  await page.getByRole('link', { name: 'Videos', exact: true }).click()
  await page.getByRole('list', { name: 'On their way' }).waitFor({ state: 'detached', ...JOB })
  await page.getByRole('row').filter({ hasText: 'boxes' }).first().waitFor(JOB)
  await page.close()
})

it('several lines that are pasted, and a file of lines, are a list that is shown first', async () => {
  const page = await open()
  await page.getByRole('textbox', { name: /^Address/ }).focus()
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.setData('text', 'boxes.mp4#t=4,5\nboxes.mp4#t=5,6')
    document.activeElement!.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    )
  })
  const box = page.getByRole('textbox', { name: 'Videos, one a line' })
  await expect.poll(() => box.inputValue()).toBe('boxes.mp4#t=4,5\nboxes.mp4#t=5,6')
  const list = join(served!.folder, 'more.csv')
  writeFileSync(list, 'boxes.mp4#t=6,7\nnothing.mp4\n')
  await page.getByRole('dialog').locator('input[type=file]').setInputFiles(list)
  await page.getByRole('button', { name: 'Analyse 4 videos' }).click()
  await page.getByText(/1 could not be added and stays in the list/).waitFor()
  await expect.poll(() => box.inputValue()).toBe('nothing.mp4')
  await page.getByText('3 videos are being analysed.').waitFor()
  // What was not sent is still there after a walk to another page.
  await expect
    .poll(async () => {
      await page.keyboard.press('Escape')
      return page.getByRole('dialog').count()
    })
    .toBe(0)
  await page.getByRole('link', { name: 'People', exact: true }).click()
  await page.getByRole('link', { name: 'Videos', exact: true }).click()
  await page.getByRole('button', { name: 'A list …' }).click()
  await expect.poll(() => box.inputValue()).toBe('nothing.mp4')
  await page.close()
})

it('a list of pieces is no film that can be analysed, and the page says what to do', async () => {
  const page = await open()
  await add(page, `${archive}/film.m3u8`)
  await page
    .getByText(/cannot be|no video|404/i)
    .first()
    .waitFor(JOB)
  await page.getByRole('button', { name: 'Again' }).first().waitFor()
  await page.close()
})
