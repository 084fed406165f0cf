/** The timeline under a hand: zoomed and moved by wheel and by two fingers, with the playhead in it. */

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'

/** Where the lanes begin, and how long the film `Harbour 1961` of e2e/seed_review.py is. */
const GUTTER_PX = 176
const SECONDS = 30
const RATE = 10

let served: Served | undefined
let film = ''

beforeAll(async () => {
  served = await serve()
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/archive/videos`)).json()
  const found = items.find((one: { video: { title: string } }) => one.video.title === 'Harbour 1961')
  film = `/projects/archive/videos/${found.video_id}`
  await page.close()
})
afterAll(() => served?.close())

async function open(query = '', more: object = {}): Promise<Page> {
  const context = await served!.browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...more })
  const page = await context.newPage()
  await page.goto(`${served!.url}${film}${query}`)
  await page.getByText(/^frame \d+$/).waitFor({ state: 'attached' })
  await page.getByRole('img', { name: /^The picture shows/ }).waitFor()
  return page
}

const slider = (page: Page) => page.getByRole('slider', { name: /^Timeline/ })
const seconds = (text: string): number => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)

/** The stretch that is shown, to the second, as it is told to those who do not see it. */
async function shown(page: Page): Promise<[number, number]> {
  const label = (await slider(page).getAttribute('aria-label')) ?? ''
  const [, start, end] = /, ([\d:]+) to ([\d:]+) shown/.exec(label) ?? []
  return [seconds(start!), seconds(end!)]
}

/** How much is shown, in seconds. */
async function seen(page: Page): Promise<number> {
  const [start, end] = await shown(page)
  return end - start
}

async function placeOf(page: Page, npt: number, [start, end] = [0, SECONDS]): Promise<{ x: number; y: number }> {
  const box = (await slider(page).boundingBox())!
  return { x: box.x + GUTTER_PX + ((box.width - GUTTER_PX) * (npt - start)) / (end - start), y: box.y + 12 }
}

const frame = async (page: Page): Promise<number> =>
  Number(/\d+/.exec((await page.getByText(/^frame \d+$/).textContent()) ?? '')?.[0])

it('the wheel zooms at the pointer, across it moves, and one button shows all again', async () => {
  const page = await open()
  await expect.poll(() => shown(page)).toEqual([0, SECONDS])
  const { x, y } = await placeOf(page, 12)
  await page.mouse.move(x, y + 60)
  await page.mouse.wheel(0, -500)
  await expect.poll(() => seen(page)).toBeLessThan(15)
  // What was under the pointer still is.
  await page.mouse.click(x, y)
  await expect.poll(async () => Math.abs((await frame(page)) - 12 * RATE)).toBeLessThan(3)
  const [before] = await shown(page)
  await page.mouse.move(x, y + 60)
  await page.mouse.wheel(300, 0)
  await expect.poll(async () => (await shown(page))[0]).toBeGreaterThan(before)
  await page.getByRole('button', { name: 'The whole video' }).click()
  await expect.poll(() => shown(page)).toEqual([0, SECONDS])
  await page.context().close()
})

it('two fingers zoom, and one moves', async () => {
  const page = await open('', { hasTouch: true })
  const touch = await page.context().newCDPSession(page)
  const { x, y } = await placeOf(page, 15)
  const points = (...all: number[]) => all.map((at, id) => ({ x: at, y: y + 60, id }))
  const send = (type: string, ...all: number[]) =>
    touch.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: points(...all) })
  await send('touchStart', x - 60, x + 60)
  for (let far = 80; far <= 240; far += 20) await send('touchMove', x - far, x + far)
  await send('touchEnd')
  await expect.poll(() => seen(page)).toBeLessThan(12)
  const [start, end] = await shown(page)
  expect((start + end) / 2).toBeGreaterThan(12)
  expect((start + end) / 2).toBeLessThan(18)

  await send('touchStart', x + 200)
  for (let at = 160; at >= -200; at -= 40) await send('touchMove', x + at)
  await send('touchEnd')
  await expect.poll(async () => (await shown(page))[0]).toBeGreaterThan(start)
  await page.context().close()
})

it('what is shown follows the playhead while the film plays', async () => {
  const page = await open('?t=4')
  const { x, y } = await placeOf(page, 4)
  await page.mouse.move(x, y + 60)
  await page.mouse.wheel(0, -1200)
  await expect.poll(() => seen(page)).toBeLessThan(5)
  const [start, end] = await shown(page)
  await page.keyboard.press('Space')
  await page.waitForFunction((after) => document.querySelector('video')!.currentTime > after + 0.5, end)
  await expect.poll(async () => (await shown(page))[0]).toBeGreaterThan(start)
  await page.context().close()
})
