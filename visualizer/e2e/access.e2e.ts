/** All by keyboard, and nothing serious that axe finds, on each page, in light and dark. */

import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

let served: Served | undefined
let video = ''

beforeAll(async () => {
  served = await serve()
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  video = `/projects/e2e/videos/${items[0].video_id}`
  await page.close()
})
afterAll(() => served?.close())

async function open(path: string, colorScheme: 'light' | 'dark'): Promise<Page> {
  const page = await served!.browser.newPage({ colorScheme, locale: 'en-GB', viewport: { width: 1280, height: 800 } })
  await page.goto(served!.url + path)
  await settled(page)
  return page
}

it.each(
  (['light', 'dark'] as const).flatMap((theme) => [
    ['the projects', theme, '/', ''],
    ['the videos', theme, '/projects/e2e/videos', ''],
    ['a video', theme, '?t=2', ''],
    ['a video with a selected track', theme, '?t=2&track=1', ''],
    ['the naming of a track', theme, '?t=2&track=1', 'n'],
    ['the keys', theme, '?t=2', '?'],
  ]),
)('axe finds nothing serious on %s, %s', async (_, theme, path, key) => {
  const page = await open(path!.startsWith('?') ? video + path : path!, theme as 'light' | 'dark')
  if (path!.includes('track=')) await page.getByRole('heading', { name: 'Ann Ace' }).waitFor()
  if (key) {
    await page.keyboard.press(key)
    await page.getByRole('dialog').waitFor()
    // Also what can be pressed only now can be read.
    if (key === 'n') await page.keyboard.type('Zoe Zett')
    await page.waitForTimeout(500)
  }
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
  expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  await page.close()
})

it('a track is found, named and unnamed again by keys alone, and the address says what is seen', async () => {
  const page = await open(video, 'dark')
  await page.getByRole('button', { name: /^Ann Ace/ }).waitFor()
  await page.keyboard.press(']')
  const track = page.getByRole('region', { name: 'Selected track' })
  await track.getByRole('heading', { name: 'Ann Ace' }).waitFor()
  await page.keyboard.press('n')
  await page.getByRole('combobox', { name: 'Name' }).waitFor()
  await page.keyboard.type('Dora Day')
  await page.keyboard.press('Enter')
  await page.getByText('Dora Day is named.').waitFor()
  await page.getByRole('button', { name: /^Dora Day/ }).waitFor()
  await expect.poll(() => new URL(page.url()).searchParams.get('track')).toBe('1')
  await page.keyboard.press('Control+z')
  await page.getByText('Taken back: Dora Day is named.').waitFor()
  await page.getByRole('button', { name: /^Ann Ace/ }).waitFor()
  await page.close()
})

/** How much of a dialog is still on its way in; what turns for as long as something loads does not count. */
function nOpening(dialog: Element): number {
  const moves = dialog.getAnimations({ subtree: true })
  return moves.filter((one) => one.playState === 'running' && one.effect!.getTiming().iterations !== Infinity).length
}

it('whoever opens a dialog by keys is back where they were when it closes', async () => {
  const page = await open(`${video}?track=1`, 'dark')
  const hasFocus = (of: Locator): Promise<boolean> => of.evaluate((element) => element === document.activeElement)
  const lane = page.getByRole('button', { name: /^Ben Bo/ })
  for (const key of ['n', 'm', 'a', '?']) {
    await lane.focus()
    await page.keyboard.press(key)
    const dialog = page.getByRole('dialog')
    await dialog.locator(':focus').waitFor()
    await expect.poll(() => dialog.evaluate(nOpening)).toBe(0)
    await page.keyboard.press('Escape')
    await expect.poll(() => hasFocus(lane), { message: key }).toBe(true)
  }
  // What stood in a menu is gone with it.
  const menu = page.getByRole('button', { name: 'Export what was seen' })
  await menu.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('listitem').filter({ hasText: 'With faces covered' }).press('Enter')
  await page.getByRole('dialog', { name: 'Cover faces' }).locator(':focus').waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => hasFocus(menu)).toBe(true)
  await page.close()
})

it('HTML in a name is shown as text', async () => {
  const name = '<b>Eve</b> <img src=x onerror=alert(1)>'
  const page = await served!.browser.newPage({ colorScheme: 'dark', locale: 'en-GB' })
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  await page.route('**/appearances?*', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replaceAll('Ann Ace', name) })
  })
  await page.goto(`${served!.url}${video}?track=1`)
  await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name }).waitFor()
  await page.getByRole('button', { name }).first().waitFor()
  expect(await page.locator('b, img[src="x"]').count()).toBe(0)
  expect(dialogs).toEqual([])
  await page.close()
})

it('what the server refuses is shown as before, with the reason', async () => {
  const page = await open(`${video}?track=2`, 'dark')
  await page.route('**/decisions', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: '{"code":"store_unavailable","detail":"The disk is gone."}',
        })
      : route.continue(),
  )
  await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name: 'Ben Bo' }).waitFor()
  await page.keyboard.press('Delete')
  await page.getByText('The disk is gone.').waitFor()
  await page.getByRole('button', { name: /^Ben Bo/ }).waitFor()
  await page.close()
})
