/** Statistics: charts that are drawn, lead on and can be saved; the same as tables; nothing that the policy of the page forbids. */

import { readFileSync } from 'node:fs'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { laidOut } from '../src/lib/graphLayout'
import { idOf } from '../src/lib/whom'
import { serve, type Served } from './server'
import { settled } from './settled'

const STATISTICS = '/projects/films/statistics'
const TITLES = ['Screen time by person', 'Over time', 'Who is on screen with whom', 'By person and video']
let served: Served

beforeAll(async () => {
  served = await serve({ seed: 'visualizer/e2e/library.py', command: ['visualizer/e2e/service.py'] })
})
afterAll(() => served?.close())

async function open(path: string, colorScheme: 'light' | 'dark' = 'dark'): Promise<Page> {
  const page = await served.browser.newPage({ colorScheme, locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  await page.goto(served.url + path)
  await settled(page)
  return page
}

async function figures(page: Page, query = '') {
  return (await page.request.get(`${served.url}/api/v1/projects/films/statistics?top=20&${query}`)).json()
}

const panel = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true })
const isDrawn = (page: Page) =>
  expect.poll(() => page.locator('[data-chart=ready]:has(canvas)').count(), { timeout: 20_000 }).toBe(4)

/** How many colours there are in a chart: one that is empty has one. */
async function colours(page: Page, title: string): Promise<number> {
  return panel(page, title)
    .locator('canvas')
    .first()
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      const found = new Set<number>()
      for (let at = 0; at < data.length; at += 4) found.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!)
      return found.size
    })
}

it('all charts are drawn, and the page breaks no rule of its policy', async () => {
  const page = await served.browser.newPage({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  const wrong: string[] = []
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
  page.on('pageerror', (error) => wrong.push(error.message))
  await page.goto(served.url + STATISTICS)
  await isDrawn(page)
  for (const title of TITLES) await expect.poll(() => colours(page, title)).toBeGreaterThan(10)
  await panel(page, TITLES[0]!)
    .locator('canvas')
    .first()
    .hover({ position: { x: 260, y: 16 } })
  await page.waitForTimeout(300)
  // Portraits of people that nobody took are no mistake of this page.
  expect(wrong.filter((text) => !/404/.test(text))).toEqual([])
  await page.close()
})

it('a bar and an edge lead on', async () => {
  const page = await open(STATISTICS)
  const { people, together } = await figures(page)
  await isDrawn(page)
  const bars = panel(page, TITLES[0]!).locator('canvas').first()
  const room = (await bars.boundingBox())!
  await bars.click({ position: { x: room.width / 2, y: 4 + (room.height - 30) / people.length / 2 } })
  await page.waitForURL((url) => url.href.includes(people[0].person_id))
  await page.goBack()
  await isDrawn(page)

  const graph = panel(page, TITLES[2]!).locator('canvas').first()
  const { width, height } = (await graph.boundingBox())!
  const edges = together.map(({ one, other, seconds }: { one: number; other: number; seconds: number }) => ({
    one,
    other,
    weight: Math.sqrt(seconds / together[0].seconds),
  }))
  const places = laidOut(people.map(idOf), edges)
  const [one, other] = [places[together[0].one]!, places[together[0].other]!]
  // Places fill a box 2.2 times as wide as high, as large as it fits and in the middle of what the margins leave.
  const scale = Math.min((width - 140) / 2.2, height - 54)
  const x = width / 2 + ((one.x + other.x) / 2 - 0.5) * 2.2 * scale
  const y = 24 + (height - 54) / 2 + ((one.y + other.y) / 2 - 0.5) * scale
  await graph.click({ position: { x, y } })
  await page.waitForURL(/\/search\?/)
  const pair = [together[0].one, together[0].other].map((at: number) => people[at].person_id)
  expect(new URL(page.url()).searchParams.get('with')!.split('/').sort()).toEqual(pair.sort())
  await page
    .getByRole('button', { name: /^Play / })
    .first()
    .waitFor()
  await page.close()
})

it('filters stand in the address, and a reload shows the same', async () => {
  const page = await open(STATISTICS)
  await page.getByRole('textbox', { name: 'From' }).fill('1945')
  await page.getByRole('textbox', { name: 'From' }).press('Enter')
  await page.getByRole('checkbox', { name: 'Unknown people one by one' }).check()
  await page.getByRole('button', { name: `${TITLES[0]}: Table` }).click()
  const wanted = await figures(page, 'from=1945&unknown=true')
  const rows = panel(page, TITLES[0]!).getByRole('rowheader')
  const names = wanted.people.map((one: { name: string }) => one.name)
  await expect.poll(() => rows.allInnerTexts()).toEqual(names)
  expect(names.some((name: string) => name.startsWith('Unknown'))).toBe(true)
  await page.getByText('1 video without a date is left out').waitFor()
  await page.reload()
  await expect.poll(() => rows.allInnerTexts()).toEqual(names)
  await expect.poll(() => page.getByRole('textbox', { name: 'From' }).inputValue()).toBe('1945')
  await page.getByRole('textbox', { name: 'From' }).fill('')
  await page.getByRole('textbox', { name: 'From' }).press('Enter')
  await page.getByRole('checkbox', { name: 'Decided by people only' }).check()
  await expect.poll(() => rows.allInnerTexts()).toEqual(['Dora Day'])
  await page.close()
})

it('who is with whom can be read and followed in a table too', async () => {
  const page = await open(`${STATISTICS}?tables=together`)
  const { people, together } = await figures(page)
  const first = panel(page, TITLES[2]!).getByRole('rowheader').first()
  await expect.poll(() => first.innerText()).toBe(`${people[together[0].one].name} – ${people[together[0].other].name}`)
  await first.getByRole('link').click()
  await page.waitForURL(/\/search\?with=/)
  await page.close()
})

async function download(page: Page, title: string, kind: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `${title}: Save as ${kind}` }).click(),
  ])
  expect(file.suggestedFilename()).toMatch(new RegExp(`^films-statistics-\\w+\\.${kind.toLowerCase()}$`))
  return readFileSync(await file.path())
}

it.each(TITLES)('"%s" is saved as PNG, SVG and CSV', async (title) => {
  const page = await open(STATISTICS)
  await isDrawn(page)
  const shown = (await panel(page, title).locator('.chart').boundingBox())!
  const png = await download(page, title, 'PNG')
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
  expect(Math.abs(png.readUInt32BE(16) - shown.width * 2)).toBeLessThanOrEqual(2)
  expect(Math.abs(png.readUInt32BE(20) - shown.height * 2)).toBeLessThanOrEqual(2)

  const svg = (await download(page, title, 'SVG')).toString()
  const drawing = await page.evaluate((text) => {
    const root = new DOMParser().parseFromString(text, 'image/svg+xml')
    const words = Array.from(root.querySelectorAll('text')).map((one) => one.textContent)
    return { name: root.documentElement.tagName, n: root.querySelectorAll('path').length, words }
  }, svg)
  expect(drawing.name).toBe('svg')
  expect(drawing.n).toBeGreaterThan(2)
  expect(drawing.words.length).toBeGreaterThan(2)

  const now = await figures(page)
  const [head, ...lines] = (await download(page, title, 'CSV')).toString().trimEnd().split('\r\n')
  const cells = lines.map((line) => line.split(','))
  const people = now.people.map((one: { name: string }) => one.name)
  const wanted = {
    [TITLES[0]!]: now.people.map((one: Record<string, unknown>) =>
      ['person_id', 'unknown_id', 'name', 'seconds', 'n_appearances', 'n_videos'].map((key) => String(one[key] ?? '')),
    ),
    [TITLES[1]!]: now.over_time.periods.map((period: string, at: number) => [
      period,
      String(now.over_time.n_videos[at]),
      ...now.over_time.people.map((row: number[]) => String(row[at])),
      String(now.over_time.others[at]),
      String(now.over_time.unknown[at]),
    ]),
    [TITLES[2]!]: now.together.map((pair: { one: number; other: number; seconds: number; times: number }) => [
      people[pair.one],
      people[pair.other],
      String(pair.seconds),
      String(pair.times),
    ]),
    [TITLES[3]!]: now.videos.map((video: Record<string, unknown>, at: number) => [
      ...['video_id', 'title', 'date', 'seconds', 'unknown_seconds'].map((key) => String(video[key])),
      ...now.cells.map((row: number[]) => String(row[at])),
    ]),
  }[title]
  expect(cells).toEqual(wanted)
  if (title === TITLES[3]) expect(head!.split(',').slice(5)).toEqual(people)
  await page.close()
})

it.each(
  (['light', 'dark'] as const).flatMap((theme) => [
    ['the charts', theme, STATISTICS],
    ['the tables', theme, `${STATISTICS}?tables=people/videos/together/time`],
    ['nothing under these filters', theme, `${STATISTICS}?from=1900&to=1901`],
  ]),
)('axe finds nothing serious on %s, %s', async (what, theme, path) => {
  const page = await open(path!, theme as 'light' | 'dark')
  if (what === 'the charts') await isDrawn(page)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
  expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  await page.close()
})
