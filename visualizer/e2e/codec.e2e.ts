/** Debian's Chromium plays H.264; where one does not, the samples are VP9, and what the other tests say holds for them too. */

import { afterEach, expect, it } from 'vitest'
import { type Codec, plays, serve, type Served } from './server'

let served: Served | undefined
afterEach(() => served?.close())

async function playsOn(codec?: Codec): Promise<{ type: string; frames: number }> {
  served = await serve({ codec })
  const page = await served.browser.newPage({ locale: 'en-GB' })
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  await page.goto(`${served.url}/projects/e2e/videos/${items[0].video_id}`)
  await page.getByRole('img', { name: 'The picture shows Ann Ace, Ben Bo' }).waitFor()
  await page.keyboard.press(' ')
  await page.waitForFunction(() => document.querySelector('video')!.currentTime > 0.5)
  const frames = await page.evaluate(() => document.querySelector('video')!.getVideoPlaybackQuality().totalVideoFrames)
  const head = await page.request.fetch(`${served.url}/api/v1/videos/${items[0].video_id}/media`, { method: 'HEAD' })
  return { type: head.headers()['content-type']!, frames }
}

it('plays the sample in what the browser says it can', async () => {
  const { type, frames } = await playsOn()
  expect(type).toBe((await plays(served!.browser, 'h264')) ? 'video/mp4' : 'video/webm')
  expect(frames).toBeGreaterThan(5)
})

it('plays the sample in VP9', async () => {
  const { type, frames } = await playsOn('vp9')
  expect(type).toBe('video/webm')
  expect(frames).toBeGreaterThan(5)
})
