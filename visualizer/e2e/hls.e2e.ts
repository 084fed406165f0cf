/** Films that lie somewhere else: in pieces (HLS) played where the service allows that place, and told where not; others fetched by it. */

import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { serve, type Served } from './server'

let served: Served | undefined
let elsewhere: Server | undefined
afterEach(async () => {
  await served?.close()
  await new Promise((done) => (elsewhere ? elsewhere.close(done) : done(null)))
})

const TYPES: Record<string, string> = { m3u8: 'application/vnd.apple.mpegurl', ts: 'video/mp2t' }

/** Serve the pieces as an archive would, to pages of everybody. */
async function archive(): Promise<string> {
  elsewhere = createServer((request, response) => {
    const name = basename(new URL(request.url!, 'http://x').pathname)
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Content-Type', TYPES[name.split('.').at(-1)!] ?? 'application/octet-stream')
    createReadStream(join(served!.folder, 'hls', name))
      .on('error', () => response.writeHead(404).end())
      .pipe(response)
  })
  await new Promise<void>((done) => elsewhere!.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
}

async function film(isAllowed: boolean) {
  const origin = await archive()
  const settings: Record<string, string> = isAllowed ? { FACEREC_SERVER__MEDIA_ORIGINS: JSON.stringify([origin]) } : {}
  served = await serve({ settings, codec: 'h264' })
  served.python(['visualizer/e2e/seed_more.py', 'hls', served.folder, `${origin}/film.m3u8`])
  const page = await served.browser.newPage({ locale: 'en-GB' })
  const scripts: string[] = []
  page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url()))
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  const { video_id } = items.find((one: { video: { title: string } }) => one.video.title === 'hls')
  return { page, origin, scripts, path: `${served.url}/projects/e2e/videos/${video_id}` }
}

async function watch(isAllowed: boolean) {
  const { path, ...rest } = await film(isAllowed)
  await rest.page.goto(path)
  return rest
}

it('plays, and boxes stay on the faces after a seek into another piece', async () => {
  const { page, scripts } = await watch(true)
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
  await page.keyboard.press(' ')
  await page.waitForFunction(() => document.querySelector('video')!.currentTime > 0.4)
  await page.keyboard.press('k')
  await page.evaluate(() => (document.querySelector('video')!.currentTime = 7.02))
  await page.getByText('frame 175', { exact: true }).waitFor({ state: 'attached' })
  await page.getByRole('img', { name: 'The picture shows Ann Ace, Ben Bo.' }).waitFor()
  expect(scripts.every((address) => address.startsWith(served!.url))).toBe(true)
  expect(scripts.some((address) => /hls/.test(address))).toBe(true)
})

it('says what to do where the service does not allow the place', async () => {
  const { page, origin } = await watch(false)
  await page.getByText(`The film lies at ${origin} and cannot be played from there.`).waitFor()
  await page.getByText('server.media_origins').waitFor()
  await page.getByRole('button', { name: /^Ann Ace/ }).waitFor()
})

it('is played on the page of a person too, only the stretch that shows them', async () => {
  const { page } = await film(true)
  await page.goto(`${served!.url}/projects/e2e/people/Ben_Bo`)
  const group = page.getByRole('region', { name: 'hls', exact: true })
  await group
    .getByRole('button', { name: /^Play / })
    .first()
    .click()
  const player = page.getByRole('region', { name: 'Player' })
  await player.getByRole('button', { name: 'Pause' }).waitFor()
  await page.waitForFunction(() => document.querySelector('video')!.currentTime > 0.2)
  expect(await page.evaluate(() => document.querySelector('video')!.src)).toMatch(/^blob:/)
})

it('says on the page of a person where it cannot be played from', async () => {
  const { page, origin } = await film(false)
  await page.goto(`${served!.url}/projects/e2e/people/Ben_Bo`)
  const group = page.getByRole('region', { name: 'hls', exact: true })
  await group
    .getByRole('button', { name: /^Play / })
    .first()
    .click()
  const player = page.getByRole('region', { name: 'Player' })
  await player.getByText(`The film lies at ${origin} and cannot be played from there.`).waitFor()
  await player.getByRole('link', { name: /Open in/ }).waitFor()
})

describe('a film that the server fetches', () => {
  /** An archive that wants to know who asks, and the film in it; `login` is what it wants. */
  async function behind(login: string): Promise<{ page: Page; asked: string[] }> {
    served = await serve({ settings: { FACEREC_FETCH__ALLOW_NETWORKS: '["127.0.0.0/8"]' }, codec: 'h264' })
    const name = readdirSync(served.folder).find((one) => /^boxes.*\.mp4$/.test(one))!
    const film = readFileSync(join(served.folder, name))
    const asked: string[] = []
    elsewhere = createServer((request, response) => {
      asked.push(request.headers['user-agent'] ?? '')
      if (login) return void response.writeHead(401).end()
      const [from = '0', to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')?.slice(1) ?? []
      const end = to ? Number(to) : film.length - 1
      response.writeHead(206, {
        'Content-Type': 'video/mp4',
        'Content-Range': `bytes ${from}-${end}/${film.length}`,
        'Content-Length': end - Number(from) + 1,
      })
      response.end(film.subarray(Number(from), end + 1))
    })
    await new Promise<void>((done) => elsewhere!.listen(0, '127.0.0.1', done))
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/film.mp4`
    served.python(['visualizer/e2e/seed_more.py', 'elsewhere', served.folder, address])
    const page = await served.browser.newPage({ locale: 'en-GB' })
    const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
    const { video_id } = items.find((one: { video: { title: string } }) => one.video.title === 'elsewhere')
    await page.goto(`${served.url}/projects/e2e/videos/${video_id}`)
    return { page, asked }
  }

  it('plays, and is sought', async () => {
    const { page, asked } = await behind('')
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
    expect(await page.evaluate(() => document.querySelector('video')!.currentSrc)).toContain('/api/v1/videos/')
    await page.keyboard.press(' ')
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 0.4)
    await page.keyboard.press('k')
    await page.evaluate(() => (document.querySelector('video')!.currentTime = 7.02))
    await page.getByText('frame 175', { exact: true }).waitFor({ state: 'attached' })
    await page.getByRole('img', { name: 'The picture shows Ann Ace, Ben Bo.' }).waitFor()
    expect(asked.length).toBeGreaterThan(0)
    // The page itself never went there.
    expect(asked.filter((agent) => /Mozilla/.test(agent))).toEqual([])
  })

  it('says why where its archive does not give it, and the rest works', async () => {
    const { page } = await behind('wanted')
    await page.getByText(/^The film lies at http:\/\/127\.0\.0\.1:\d+ and cannot be played from there\.$/).waitFor()
    await page.getByText(/answers 401/).waitFor()
    await page.getByText('Names, timeline, corrections and exports work without it.').waitFor()
    await page.getByRole('button', { name: /^Ann Ace/ }).waitFor()
  })
})
