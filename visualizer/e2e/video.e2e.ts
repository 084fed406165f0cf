/** The page of a video beyond its boxes: what people do with stretches of time, lists, exports, and with the video as a whole. */

import axe from 'axe-core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, serve, type Served } from './server'
import { settled } from './settled'

let served: Served | undefined
let video = ''

beforeAll(async () => {
  served = await serve()
  served.python(['visualizer/e2e/seed_more.py', 'notice', served.folder])
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  video = `/projects/e2e/videos/${items[0].video_id}`
  await page.close()
})
afterAll(() => served?.close())

async function open(path: string, colorScheme: 'light' | 'dark' = 'dark', width = 1280): Promise<Page> {
  const context = await served!.browser.newContext({
    colorScheme,
    locale: 'en-GB',
    viewport: { width, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  await page.goto(served!.url + path)
  await settled(page)
  return page
}

const query = (page: Page): URLSearchParams => new URL(page.url()).searchParams

/** Wait until the page says which frame it shows; on narrow pages it says so to nobody but tests. */
const shows = (page: Page, frame: number): Promise<void> =>
  page.getByText(`frame ${frame}`, { exact: true }).waitFor({ state: 'attached' })

/** Where the player began and ended each time, when it has been sent back so many times. */
async function roundsOf(n: number): Promise<{ from: number; to: number }[]> {
  const player = document.querySelector('video')!
  const found = [{ from: Infinity, to: -Infinity }]
  let last = player.currentTime
  while (found.length <= n) {
    const now = player.currentTime
    if (now < last - 0.5) found.push({ from: now, to: now })
    const round = found.at(-1)!
    Object.assign(round, { from: Math.min(round.from, now), to: Math.max(round.to, now) })
    last = now
    await new Promise(requestAnimationFrame)
  }
  return found.slice(1, n)
}

/** Drag on the ruler of the timeline from one time to another; all ten seconds are shown. */
async function mark(page: Page, from: number, to: number): Promise<void> {
  const box = (await page.getByRole('slider', { name: /^Timeline/ }).boundingBox())!
  const x = (npt: number): number => box.x + 176 + ((box.width - 176) * npt) / 10.04
  await page.mouse.move(x(from), box.y + 12)
  await page.mouse.down()
  await page.mouse.move(x((from + to) / 2), box.y + 12, { steps: 4 })
  await page.mouse.move(x(to), box.y + 12, { steps: 4 })
  await page.mouse.up()
}

describe.each(['light', 'dark'] as const)('axe finds nothing serious, %s,', (theme) => {
  it.each([
    ['on the list of appearances', `?t=2&track=1&tab=appearances`, async () => undefined],
    ['on what is known of a video', `?t=2&tab=about&a=1&b=4`, async () => undefined],
    [
      'in the menu of formats',
      '?t=2',
      async (page: Page) => {
        await page.getByRole('button', { name: 'Export what was seen' }).click()
        await page.getByText('MOT challenge').waitFor()
      },
    ],
    [
      'where somebody removes a video',
      '?tab=about',
      async (page: Page) => {
        await page.getByRole('button', { name: 'Remove …' }).click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'in the naming of a stretch',
      '?a=1&b=4',
      async (page: Page) => {
        await page.getByRole('button', { name: 'Somebody is here …' }).click()
        await page.getByRole('dialog').waitFor()
      },
    ],
  ] as const)('%s', async (_, address, act) => {
    const page = await open(video + address, theme)
    await act(page)
    await page.waitForTimeout(400)
    await expectNothingSerious(page)
    await page.context().close()
  })

  it('where somebody adds a list', async () => {
    const page = await open('/projects/e2e/videos', theme)
    await page.getByRole('button', { name: 'A list …' }).click()
    await page.getByRole('dialog').waitFor()
    await page.waitForTimeout(400)
    await expectNothingSerious(page)
    await page.context().close()
  })
})

async function expectNothingSerious(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
  expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
}

describe('a stretch of time', () => {
  it('is marked on the ruler, played again and again, and its address shows it to somebody else', async () => {
    const page = await open(video)
    await mark(page, 2, 3)
    const bar = page.getByRole('group', { name: 'The marked stretch' })
    await bar.waitFor()
    await page.waitForFunction(() => new URL(location.href).searchParams.has('b'))
    expect(Number(query(page).get('a'))).toBeCloseTo(2, 1)
    expect(Number(query(page).get('b'))).toBeCloseTo(3, 1)

    await page.keyboard.press('r')
    await page.waitForFunction(() => !document.querySelector('video')!.paused)
    const rounds = await page.evaluate(roundsOf, 3)
    expect(Math.min(...rounds.map(({ from }) => from))).toBeGreaterThan(1.9)
    // A machine that is busy with other things may hold the page up once; a page that plays on does so each time.
    expect(Math.min(...rounds.map(({ to }) => to))).toBeLessThan(3.4)
    await page.keyboard.press('k')

    await bar.getByRole('button', { name: 'Copy its address' }).click()
    await page.getByText('The address is copied.').waitFor()
    const address = await page.evaluate(() => navigator.clipboard.readText())
    const other = await open(address.replace(served!.url, ''))
    await other
      .getByRole('group', { name: 'The marked stretch' })
      .getByText(/^0:0[12]\.\d\d–0:0[23]\.\d\d$/)
      .waitFor()
    await other.context().close()
    await page.keyboard.press('Escape')
    await bar.waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('is marked by keys, and by a media fragment', async () => {
    const page = await open(`${video}#t=1.5,4`)
    await page.getByText('0:01.50–0:04.00').waitFor()
    await page.keyboard.press('Escape')
    await page.evaluate(() => (document.querySelector('video')!.currentTime = 5))
    await shows(page, 125)
    await page.keyboard.press('i')
    await page.getByText(/^0:05\.0\d–0:10\.04$/).waitFor()
    await page.evaluate(() => (document.querySelector('video')!.currentTime = 6))
    await shows(page, 150)
    await page.keyboard.press('o')
    await page.getByText(/^0:05\.0\d–0:06\.0\d$/).waitFor()
    await page.context().close()
  })

  it('is said to show somebody whom no track shows, and that is taken back', async () => {
    const page = await open(`${video}?a=6&b=8`)
    await page.getByRole('button', { name: 'Somebody is here …' }).click()
    await page.getByRole('combobox', { name: 'Name' }).fill('Carla Cho')
    await page.keyboard.press('Enter')
    await page.getByText('Carla Cho is to be seen from 0:06.0 to 0:08.0.').waitFor()
    await page.getByRole('button', { name: /^Carla Cho/ }).click()
    await page.getByText('Somebody said so of this stretch').waitFor()
    await page.keyboard.press('Delete')
    await page.getByText('Carla Cho is not said to be here any more.').waitFor()
    await page.getByRole('button', { name: /^Carla Cho/ }).waitFor({ state: 'detached' })
    await page.context().close()
  })
})

it('all appearances are listed, sorted and walked through by keys', async () => {
  const page = await open(`${video}?tab=appearances`)
  const list = page.getByRole('listbox', { name: '2 appearances' })
  const rows = (): Promise<string[]> => list.getByRole('option').allTextContents()
  await expect.poll(rows).toEqual([expect.stringContaining('Ann Ace'), expect.stringContaining('Ben Bo')])
  await page.getByRole('button', { name: 'Sort by Who, rising' }).click()
  await page.getByRole('button', { name: 'Sort by Who, falling' }).click()
  await expect.poll(async () => (await rows())[0]).toContain('Ben Bo')
  await page.waitForFunction(() => new URL(location.href).searchParams.get('sort') === '-who')
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name: 'Ben Bo' }).waitFor()
  await page.keyboard.press('End')
  await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name: 'Ann Ace' }).waitFor()
  await expect.poll(() => list.locator('[aria-selected=true]').textContent()).toContain('Ann Ace')
  // Keys that do not move in the list are the page's.
  await page.keyboard.press('n')
  await page.getByRole('dialog', { name: 'Who is this?' }).waitFor()
  await page.context().close()
})

it('the order of the lanes is changed by hand, and is the same the next time', async () => {
  const page = await open(video)
  const names = (): Promise<string[]> => page.locator('[data-lane] .name').allTextContents()
  await expect.poll(async () => (await names()).length).toBe(2)
  const before = await names()
  await page.locator('[data-lane]').first().focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect.poll(names).toEqual([...before].reverse())
  await page.getByRole('button', { name: 'Order: By hand' }).waitFor()
  await page.reload()
  await expect.poll(names).toEqual([...before].reverse())
  await page.locator('[data-lane]').last().dragTo(page.locator('[data-lane]').first())
  await expect.poll(names).toEqual(before)
  await page.context().close()
})

it('every format of the server is in the menu, and brings a file', async () => {
  const page = await open(video)
  const { items } = await (await page.request.get(`${served!.url}/api/v1/exports`)).json()
  await page.getByRole('button', { name: 'Export what was seen' }).click()
  await page.getByText('mot', { exact: true }).waitFor()
  const formats = items.map((one: { format: string }) => one.format)
  // What was made before, by whichever test, stands below.
  const shown = async (): Promise<string[]> =>
    (await page.locator('.v-list-item-title').allTextContents()).slice(0, 3 + formats.length).map((text) => text.trim())
  await expect.poll(shown).toEqual(['Clips', 'With names on it', 'With faces covered', ...formats])
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('mot', { exact: true }).click()])
  expect(file.suggestedFilename()).toMatch(/boxes.*\.txt$/)
  expect(
    readFileSync(await file.path(), 'utf8')
      .trim()
      .split('\n').length,
  ).toBeGreaterThan(90)
  await page.context().close()
})

it('faces are covered but for those who were chosen', async () => {
  const page = await open(video)
  await page.getByRole('button', { name: 'Export what was seen' }).click()
  await page.getByRole('list', { name: 'From the picture' }).getByText('With faces covered', { exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Cover faces' })
  await dialog.getByText('Everybody is covered').waitFor()
  await dialog.getByRole('checkbox', { name: /^Ann Ace/ }).check()
  await dialog.getByText('1 stays visible').waitFor()
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('With faces covered, but for Ann Ace: ready.').first().waitFor({ timeout: 60_000 })
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ])
  expect(file.suggestedFilename()).toMatch(/^redacted_but_Ann_Ace_\w{8}\./)
  const { items } = await (await page.request.get(`${served!.url}/api/v1/jobs?kind=export`)).json()
  expect(items.map((one: { params: { redact?: string } }) => one.params.redact)).toContain('all-but:Ann Ace;')
  await page.context().close()
})

it('every format is described in both languages', async () => {
  const { items } = await (await fetch(`${served!.url}/api/v1/exports`)).json()
  const names = items.map((one: { format: string }) => one.format)
  for (const language of ['en', 'fr']) {
    const texts = JSON.parse(readFileSync(join(ROOT, `visualizer/src/locales/${language}.json`), 'utf8'))
    expect(Object.keys(texts.export.format).sort()).toEqual([...names].sort())
  }
})

describe('a marked stretch is exported', () => {
  it('as a table of what lies in it', async () => {
    const page = await open(`${video}?a=2&b=3.5`)
    await page.getByRole('button', { name: 'Export the marked stretch' }).click()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('csv', { exact: true }).click()])
    expect(file.suggestedFilename()).toMatch(/^boxes.*_2-3\.5\.csv\.csv$/)
    const [head, ...rows] = readFileSync(await file.path(), 'utf8')
      .trim()
      .split(/\r?\n/)
    const [start, end] = ['start_npt', 'end_npt'].map((name) => head!.split(',').indexOf(name))
    expect(rows.length).toBe(2)
    for (const row of rows) expect([row.split(',')[start!], row.split(',')[end!]]).toEqual(['2.0', '3.5'])
    await page.context().close()
  })

  it('as clips, which are told when they are ready, and are there afterwards', async () => {
    const page = await open(`${video}?a=2&b=3.5`)
    await page.getByRole('button', { name: 'Export the marked stretch' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Clips' }).first().click()
    await page.getByText('Clips, 0:02.0–0:03.5: ready.').waitFor({ timeout: 60_000 })
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('clips_2-3.5.zip')
    const names = served!.python([
      '-c',
      'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep="\\n")',
      await file.path(),
    ])
    expect(names).toMatch(/0001_Stretch\.\w+/)
    expect(names).toMatch(/Ann_Ace/)
    expect(names).toContain('clips.csv')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Export what was seen' }).click()
    await page.getByText('Made before').waitFor()
    const again = page.waitForEvent('download')
    await page.getByRole('listitem').filter({ hasText: 'Clips, 0:02.0–0:03.5' }).first().click()
    expect((await again).suggestedFilename()).toBe('clips_2-3.5.zip')
    await page.context().close()
  })

  it('or all of the film all the same', async () => {
    const page = await open(`${video}?a=2&b=3.5`)
    await page.getByRole('button', { name: 'Export the marked stretch' }).click()
    // What was made before stands in the menu too, under names that begin alike.
    const made = page.getByRole('list', { name: 'From the picture' })
    await made.getByText('Clips', { exact: true }).waitFor()
    expect(await made.getByText('With faces covered').count()).toBe(0)
    await page
      .getByRole('group', { name: 'What is exported' })
      .getByRole('button', { name: 'All of the video' })
      .click()
    await made.getByText('With faces covered').waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('shots', { exact: true }).click()])
    expect(file.suggestedFilename()).toMatch(/^boxes.*\.shots\.csv$/)
    await page.context().close()
  })
})

it('what a catalogue says is shown, and leads into the film', async () => {
  const page = await open(`${video}?tab=about`)
  const panel = page.getByRole('tabpanel', { name: 'About' })
  await panel.getByText('Channel 1').waitFor()
  expect(await panel.getByRole('link', { name: /notice\/7/ }).getAttribute('href')).toBe(
    'http://archive.example/notice/7',
  )
  const graph = panel.getByRole('link', { name: 'Zoe Zett in the knowledge graph' })
  expect(await graph.getAttribute('href')).toBe('http://archive.example/person/3')
  await panel.getByText('presenter').waitFor()
  await panel.getByText('Zoe Zett').waitFor()
  await panel.getByText('not seen').waitFor()
  // Written the other way round in the notice, it is the same person.
  await panel.getByText('Ace, Ann').first().waitFor()
  await panel.getByRole('button', { name: 'Sport' }).click()
  await page.getByText('0:04.00–0:09.00').waitFor()
  await shows(page, 100)
  await panel.getByRole('button', { name: /^Ace, Ann \d/ }).click()
  await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name: 'Ann Ace' }).waitFor()
  await page.context().close()
})

it('what an analysis has found so far is shown, and names when it is done', async () => {
  served!.python(['visualizer/e2e/seed_more.py', 'begun', served!.folder])
  const page = await open(`/projects/e2e/videos/${'0'.repeat(16)}?t=2`)
  await page.getByText('Being analysed: 40 %').waitFor()
  await page.getByText('1 face found so far').waitFor()
  await page.getByRole('img', { name: 'The picture shows Faces found so far.' }).waitFor()
  await page.keyboard.press('[')
  await page.keyboard.press('n')
  await page.getByText('Names come when the analysis is done.').first().waitFor()
  served!.python(['visualizer/e2e/seed_more.py', 'begun', served!.folder, '1'])
  // Who is selected is drawn last.
  await page.getByRole('img', { name: 'The picture shows Ben Bo, Ann Ace.' }).waitFor()
  await page.getByText('Being analysed').waitFor({ state: 'detached' })
  await page.context().close()
})

it('a list of videos is added, and what was refused stays to be put right', async () => {
  const page = await open('/projects/e2e/videos')
  await page.getByRole('button', { name: 'A list …' }).click()
  const box = page.getByRole('textbox', { name: 'Videos, one a line' })
  await box.fill(`# mine\n/etc/passwd\n\nhttp://127.0.0.1:1/film.mp4`)
  await page.getByRole('button', { name: 'Analyse 2 videos' }).click()
  await page.getByText(/could not be added and stay in the list/).waitFor()
  await expect.poll(() => box.inputValue()).toBe('/etc/passwd\nhttp://127.0.0.1:1/film.mp4')
  await page.context().close()
})

it('the address of the table says what is looked for and how it is sorted', async () => {
  const page = await open('/projects/e2e/videos?q=BÔXES&sort=-people')
  await page.getByRole('link', { name: 'boxes' }).waitFor()
  const people = page.getByRole('columnheader', { name: 'People' })
  await expect.poll(() => people.getAttribute('aria-sort')).toBe('descending')
  await page.getByRole('searchbox', { name: 'Find a title' }).fill('nothing like this')
  await page.getByText('No title has').waitFor()
  await page.waitForFunction(() => new URL(location.href).searchParams.get('q') === 'nothing like this')
  await page.context().close()
})

it('a video leaves the project only when its name is typed', async () => {
  served!.python(['visualizer/e2e/seed_more.py', 'begun', served!.folder, '1'])
  const page = await open(`/projects/e2e/videos/${'0'.repeat(16)}?tab=about`)
  await page.getByRole('button', { name: 'Remove …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('begu')
  await expect.poll(() => dialog.getByRole('button', { name: 'Remove', exact: true }).isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('begun')
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByText('The video is removed from the project.').waitFor()
  await page.getByRole('link', { name: 'boxes' }).waitFor()
  await page.getByRole('link', { name: 'begun' }).waitFor({ state: 'detached' })
  await page.context().close()
})

it('an address shows to others what is shown here, switches too', async () => {
  const page = await open(`${video}?conf=0.7`)
  await page.getByRole('switch', { name: 'Unknown' }).click()
  await page.getByRole('switch', { name: 'Below the line' }).click()
  await page.waitForURL(/hide=unknown,low/)
  const other = await open(page.url().slice(served!.url.length))
  const switches = (of: Page): Promise<(string | null)[]> =>
    of.getByRole('switch').evaluateAll((all) => all.map((one) => one.getAttribute('aria-checked')))
  expect(await switches(other)).toEqual(['true', 'false', 'false'])
  // An address that says nothing of it leaves it as they like it.
  await other.goto(served!.url + video)
  await other.getByRole('switch').first().waitFor()
  expect(await switches(other)).toEqual(['true', 'false', 'false'])
  await page.context().close()
  await other.context().close()
})
