/** Search: by people, by photo and by track; moments that play in place; addresses that hold the whole view; files that are right. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

const SEARCH = '/projects/films/search'
const TOGETHER = `${SEARCH}?with=Ann_Ace/Ben_Bo`
let served: Served

beforeAll(async () => {
  served = await serve({ seed: 'visualizer/e2e/library.py', command: ['visualizer/e2e/service.py'] })
})
afterAll(() => served?.close())

async function open(path: string, colorScheme: 'light' | 'dark' = 'dark'): Promise<Page> {
  const page = await served.browser.newPage({ colorScheme, locale: 'en-GB', viewport: { width: 1280, height: 800 } })
  await page.goto(served.url + path)
  await settled(page)
  return page
}

async function api(page: Page, path: string) {
  return (await page.request.get(`${served.url}/api/v1/projects/films${path}`)).json()
}

/** Drop a file on the place for photos, as a hand does. */
async function drop(page: Page, name: string): Promise<void> {
  const bytes = [...readFileSync(join(served.folder, name))]
  const data = await page.evaluateHandle(
    ([bytes, name]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([new Uint8Array(bytes as number[])], name as string, { type: 'image/png' }))
      return transfer
    },
    [bytes, name] as const,
  )
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: data })
}

const cards = (page: Page) => page.getByRole('button', { name: /^Play / })
const labels = (page: Page): Promise<string[]> =>
  cards(page).evaluateAll((all) => all.map((one) => (one.textContent ?? '').replace(/\s+/g, ' ').trim()))
/** Who the moments of a search by face show. */
const shown = async (page: Page): Promise<string[]> => [
  ...new Set((await labels(page)).map((one) => /^Play(\D+?)\d/.exec(one)?.[1]?.trim() ?? '')),
]

it('people chosen by keys alone are found together, and the address holds the question', async () => {
  const page = await open(SEARCH)
  await page.getByRole('combobox', { name: 'With', exact: true }).focus()
  await page.keyboard.type('ann')
  await page.keyboard.press('Enter')
  await page.keyboard.type('ben')
  await page.keyboard.press('Enter')
  await page
    .getByRole('status')
    .filter({ hasText: /moments?/ })
    .first()
    .waitFor()
  const wanted = await api(page, '/moments?with=Ann_Ace/Ben_Bo')
  expect(wanted.total).toBe(2)
  await expect.poll(() => cards(page).count()).toBe(wanted.total)
  await expect.poll(() => new URL(page.url()).searchParams.get('with')).toBe('Ann_Ace/Ben_Bo')

  await page.keyboard.press('Tab')
  await page.getByRole('combobox', { name: 'Without', exact: true }).fill('unknown')
  await page.keyboard.press('Enter')
  await expect.poll(() => new URL(page.url()).searchParams.get('without')).toMatch(/^unknown:\d+$/)
  const without = new URL(page.url()).searchParams.get('without')!
  const fewer = await api(page, `/moments?with=Ann_Ace/Ben_Bo&without=${without}`)
  await expect.poll(() => cards(page).count()).toBe(fewer.total)

  const before = await labels(page)
  await page.reload()
  await settled(page)
  await expect.poll(() => labels(page)).toEqual(before)
  await page.getByRole('button', { name: 'Remove Ann Ace' }).waitFor()
  await page.close()
})

it('a conversation that is cut from face to face is found within some seconds', async () => {
  const page = await open(`${SEARCH}?with=Ann_Ace/Cy_Coe`)
  await page.getByText('No such moment').waitFor()
  await page.getByLabel('Together').selectOption('2')
  const { items, videos, total } = await api(page, '/moments?with=Ann_Ace/Cy_Coe&gap_s=2')
  await expect.poll(() => cards(page).count()).toBe(total)
  // Five shots, one moment.
  const of = videos.find((one: { title: string }) => one.title === 'Victory in Europe')
  expect([of.n_moments, of.seconds > 7]).toEqual([1, true])
  expect(items[0].video_id).toBe(of.video_id)
  await expect.poll(async () => (await labels(page))[0]).toContain('Victory in Europe')
  await page.close()
})

it('dates, length, confidence and order narrow what is found, and what is typed wrongly is said and kept', async () => {
  const page = await open(`${SEARCH}?with=Ben_Bo`)
  await cards(page).first().waitFor()
  const all = await cards(page).count()
  const from = page.getByRole('textbox', { name: 'From' })
  await from.fill('30.9.1938')
  await from.press('Enter')
  await page.getByText('Write a year, a month or a day').waitFor()
  expect([await from.inputValue(), await cards(page).count()]).toEqual(['30.9.1938', all])
  await from.fill('1945-06')
  await from.press('Enter')
  await expect.poll(() => cards(page).count()).toBeLessThan(all)
  await page.getByText('1 video without a date is left out').waitFor()
  await expect.poll(() => page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['The trial opens'])
  await page.goto(`${served.url}${SEARCH}?with=Ben_Bo&sort=date&min=2`)
  const { items, videos } = await api(page, '/moments?with=Ben_Bo&sort=date&min_s=2')
  await expect.poll(() => cards(page).count()).toBe(items.length)
  const titles = videos.map((one: { title: string }) => one.title)
  await expect.poll(() => page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(titles)
  await page.close()
})

it('a moment plays in place, from its start to its end and no further, and leads to the page of its video', async () => {
  const page = await open(`${TOGETHER}&sort=date`)
  const { items } = await api(page, '/moments?with=Ann_Ace/Ben_Bo&sort=date')
  await cards(page).first().click()
  const player = page.getByRole('region', { name: 'Player of the moment' })
  await player.getByRole('button', { name: 'Pause' }).waitFor()
  await player.getByRole('button', { name: 'Play' }).waitFor({ timeout: 20_000 })
  const now = await page.evaluate(() => document.querySelector('video')!.currentTime)
  expect(now).toBeGreaterThanOrEqual(items[0].end_npt - 0.05)
  expect(now).toBeLessThan(items[0].end_npt + 0.5)
  const at = `${items[0].analysis_id}:${items[0].start_npt * 1000}`
  await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBe(at)

  await player.getByRole('button', { name: 'Next moment' }).click()
  await expect.poll(() => new URL(page.url()).searchParams.get('at')).toContain(items[1].analysis_id)
  await expect
    .poll(() => page.evaluate(() => document.querySelector('video')!.currentTime))
    .toBeGreaterThanOrEqual(items[1].start_npt)
  await page.reload()
  await player.waitFor()
  await expect
    .poll(() => page.evaluate(() => document.querySelector('video')?.currentTime ?? -1))
    .toBeCloseTo(items[1].start_npt, 1)
  await player.getByRole('link', { name: /open in the video page/ }).click()
  await page.waitForURL(/\/videos\//)
  const { searchParams } = new URL(page.url())
  expect(Number(searchParams.get('t'))).toBeCloseTo(items[1].start_npt, 1)
  expect(items[1].sights[0].track.endsWith(`-${searchParams.get('track')}`)).toBe(true)
  await page.close()
})

it('a dropped photo is found, each of its faces can be chosen, and the page says that it is not kept', async () => {
  const page = await open(`${SEARCH}?by=face`)
  await drop(page, 'pair.png')
  await page.getByText('2 faces; number').waitFor()
  await page.getByRole('button', { name: 'Face 1 of 2' }).click()
  await expect.poll(() => shown(page)).toEqual(['Ben Bo'])
  await page.getByRole('button', { name: 'Face 2 of 2' }).click()
  await expect.poll(() => shown(page)).toEqual(['Ann Ace'])
  const box = await page.getByRole('button', { name: 'Face 2 of 2' }).boundingBox()
  const picture = await page.getByRole('img', { name: 'The photo whose face is searched for' }).boundingBox()
  expect((box!.x + box!.width / 2 - picture!.x) / picture!.width).toBeCloseTo(0.75, 1)
  await page.getByText('A photo is not kept').waitFor()
  await cards(page).first().click()
  await page.getByRole('region', { name: 'Player of the moment' }).getByRole('button', { name: 'Pause' }).waitFor()

  const shared = page.url()
  await page.reload()
  await page.getByText('is not kept, neither here nor on the server').waitFor()
  expect(page.url()).toBe(shared)
  await page.close()
})

it('the best match of a photo is a search that can be shared', async () => {
  const page = await open(`${SEARCH}?by=face`)
  await page.locator('input[type=file]').setInputFiles(join(served.folder, 'ann.png'))
  await page.getByRole('link', { name: /Search by its best match/ }).click()
  await page.getByText('Where this face appears').waitFor()
  await settled(page)
  await expect.poll(() => new URL(page.url()).searchParams.get('track')).toMatch(/^\w+-\d+$/)
  await expect.poll(() => cards(page).count()).toBeGreaterThan(2)
  const before = await labels(page)
  expect(before.every((one) => /^Play ?Ann Ace.*surely the same$/.test(one))).toBe(true)
  await page.reload()
  await expect.poll(() => labels(page)).toEqual(before)
  // A track alone is enough: the page of a video links here with it.
  const track = new URL(page.url()).searchParams.get('track')!
  await page.goto(`${served.url}${SEARCH}?track=${track}`)
  await expect.poll(() => labels(page)).toEqual(before)
  await page.getByRole('checkbox', { name: 'Doubtful ones too' }).check()
  await expect.poll(() => new URL(page.url()).searchParams.get('loose')).toBe('1')
  await page.goBack()
  await page.close()
})

it('a photo without a face, and a file that is no photo, say so', async () => {
  const page = await open(`${SEARCH}?by=face`)
  await drop(page, 'none.png')
  await page.getByText('No face in this photo').waitFor()
  writeFileSync(join(served.folder, 'note.png'), 'This is no picture.')
  await drop(page, 'note.png')
  await page.getByText('This could not be loaded.').waitFor()
  await drop(page, 'ann.png')
  await expect.poll(() => cards(page).count()).toBeGreaterThan(2)
  await page.close()
})

async function download(page: Page, kind: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Save as ${kind}` }).click(),
  ])
  return readFileSync(await file.path(), 'utf8')
}

it('what is found is saved as CSV and JSON, all of it', async () => {
  const page = await open(`${SEARCH}?with=Ben_Bo&sort=date`)
  await cards(page).first().waitFor()
  const { items } = await api(page, '/moments?with=Ben_Bo&sort=date')
  const [head, ...lines] = (await download(page, 'CSV')).trimEnd().split('\r\n')
  expect(head).toBe('video_id,title,locator,fragment,date,start_npt,end_npt,seconds,score,names,tracks')
  expect(lines.map((line) => line.split(',').slice(5, 7).map(Number))).toEqual(
    items.map((one: { start_npt: number; end_npt: number }) => [one.start_npt, one.end_npt]),
  )
  const saved = JSON.parse(await download(page, 'JSON'))
  expect(saved.map((one: { tracks: string }) => one.tracks)).toEqual(
    items.map((one: { sights: { track: string }[] }) => one.sights[0]!.track),
  )
  await page.close()
})

it('a lost server is said, and what was asked for comes when it is back', async () => {
  const page = await open(SEARCH)
  await page.route('**/moments?*', (route) => route.abort())
  await page.getByRole('combobox', { name: 'With', exact: true }).fill('ben')
  await page.keyboard.press('Enter')
  await page.getByText('The server does not answer. This page goes on by itself').waitFor()
  await page.unroute('**/moments?*')
  await expect.poll(() => cards(page).count(), { timeout: 15_000 }).toBeGreaterThan(0)
  await page.close()
})

it.each(
  (['light', 'dark'] as const).flatMap((theme) => [
    ['the empty search', theme, SEARCH, ''],
    ['moments of two people', theme, `${TOGETHER}&gap=5`, ''],
    ['a moment that plays', theme, TOGETHER, 'play'],
    ['a search by photo', theme, `${SEARCH}?by=face`, 'photo'],
    ['people to choose', theme, SEARCH, 'list'],
  ]),
)('axe finds nothing serious on %s, %s', async (_, theme, path, then) => {
  const page = await open(path!, theme as 'light' | 'dark')
  if (then === 'photo') await drop(page, 'pair.png')
  if (then === 'list') await page.getByRole('combobox', { name: 'With', exact: true }).click()
  else if (path !== SEARCH) await cards(page).first().waitFor()
  if (then === 'play') await cards(page).first().click()
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
  expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  await page.close()
})
