/**
 * The pictures of the page in the documentation: `npm run screenshots`, after `npm run build`.
 *
 * All come from one project that e2e/showcase.py makes of portraits that may be shown. Written to docs/images/ as WebP.
 */

import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT, serve, type Served } from './server'
import { arrived, settled } from './settled'

const IMAGES = join(ROOT, 'docs/images')
const MOST_BYTES = 300 * 1024
const PROJECT = '/projects/portraits'

let served: Served | undefined
let videos: Record<string, string> = {}

beforeAll(async () => {
  served = await serve({ seed: 'visualizer/e2e/showcase.py' })
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1${PROJECT}/videos`)).json()
  videos = Object.fromEntries(items.map((one: Member) => [one.video.title, `${PROJECT}/videos/${one.video_id}`]))
  await page.close()
}, 900_000)
afterAll(() => served?.close())

interface Member {
  video_id: string
  video: { title: string }
}

/** Each picture: where it is taken, and what is done before. */
const SHOTS: { name: string; path: () => string; theme: 'light' | 'dark'; first?: (page: Page) => Promise<void> }[] = [
  {
    name: 'video',
    path: () => `${videos['Evening talk, 12 March']!}?t=9`,
    theme: 'dark',
    first: async (page) => {
      await arrived(page)
      await page.getByRole('button', { name: /^Clara Winter/ }).click()
      await arrived(page)
      await page.evaluate(() => (document.querySelector('video')!.currentTime = 12.42))
      await arrived(page)
      await page.waitForTimeout(3000)
    },
  },
  { name: 'project', path: () => PROJECT, theme: 'light' },
  { name: 'people', path: () => `${PROJECT}/people`, theme: 'light' },
  { name: 'person', path: () => `${PROJECT}/people/Eileen_Collins`, theme: 'dark' },
  { name: 'videos', path: () => `${PROJECT}/videos`, theme: 'light' },
  { name: 'unknown', path: () => `${PROJECT}/unknown`, theme: 'dark' },
  {
    name: 'search',
    path: () => `${PROJECT}/search?with=Clara_Winter`,
    theme: 'dark',
    first: async (page) => {
      await page.locator('[data-key]').first().click()
      await arrived(page)
    },
  },
  { name: 'statistics', path: () => `${PROJECT}/statistics`, theme: 'dark' },
]

it.each(SHOTS)('$name', async ({ name, path, theme, first }) => {
  mkdirSync(IMAGES, { recursive: true })
  const context = await served!.browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Paris',
  })
  const page = await context.newPage()
  await page.goto(served!.url + path())
  await settled(page)
  expect(await page.getByText('There is no such page.').count()).toBe(0)
  await first?.(page)
  await settled(page)
  await page.waitForTimeout(400)
  const png = join(served!.folder, `${name}.png`)
  const webp = join(IMAGES, `${name}.webp`)
  writeFileSync(png, await page.screenshot({ animations: 'disabled' }))
  served!.python(['-c', SAVE, png, webp])
  rmSync(png)
  expect(statSync(webp).size).toBeLessThan(MOST_BYTES)
  await context.close()
})

const SAVE = `
import sys
from PIL import Image
Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], quality=84, method=6)
`
