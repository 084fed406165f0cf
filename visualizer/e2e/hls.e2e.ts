/** A film that comes in pieces from somewhere else (HLS): played where the service allows that place, and told where not. */

import { createReadStream } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
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

async function watch(isAllowed: boolean) {
  const origin = await archive()
  const settings: Record<string, string> = isAllowed ? { FACEREC_SERVER__MEDIA_ORIGINS: JSON.stringify([origin]) } : {}
  served = await serve({ settings, codec: 'h264' })
  served.python(['visualizer/e2e/seed_more.py', 'hls', served.folder, `${origin}/film.m3u8`])
  const page = await served.browser.newPage({ locale: 'en-GB' })
  const scripts: string[] = []
  page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url()))
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  const { video_id } = items.find((one: { video: { title: string } }) => one.video.title === 'hls')
  await page.goto(`${served.url}/projects/e2e/videos/${video_id}`)
  return { page, origin, scripts }
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
