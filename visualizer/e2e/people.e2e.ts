/** People: a list of names becomes people with photos; pictures are switched, moved and dropped; appearances are played. */

import axe from 'axe-core'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

const ROOT = resolve(import.meta.dirname, '../..')
const PEOPLE = '/projects/cast/people'
const JOB = { timeout: 60_000 }

let served: Served | undefined

beforeAll(async () => {
  served = await serve({
    seeds: ['seed_people.py'],
    settings: (folder) => ({
      PYTHONPATH: `${ROOT}:${join(ROOT, 'visualizer/e2e/drawn')}`,
      FACEREC_CRAWLER__PROVIDERS: '[]',
      FACEREC_CRAWLER__LIBRARY: join(folder, 'library'),
      FACEREC_CRAWLER__MAX_BYTES: '200000',
    }),
  })
})
afterAll(() => served?.close())

async function open(path: string, colorScheme: 'light' | 'dark' = 'dark'): Promise<Page> {
  const page = await served!.browser.newPage({ colorScheme, locale: 'en-GB', viewport: { width: 1280, height: 900 } })
  await page.goto(served!.url + path)
  await page.getByRole('banner').waitFor()
  return page
}

/** What the server says of the pictures of somebody: how many there are in each state. */
async function states(page: Page, person: string): Promise<Record<string, number>> {
  const { items } = await (await page.request.get(`${served!.url}/api/v1/projects/cast/people/${person}/images`)).json()
  const counts: Record<string, number> = {}
  for (const { state } of items as { state: string }[]) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

const grid = (page: Page): Locator => page.getByRole('listbox', { name: 'Training pictures' })
const pictures = (page: Page): Locator => grid(page).getByRole('option')
/** Pictures that train, by what is said of them. */
const training = (page: Page): Locator => grid(page).getByRole('option', { name: /of \d+, trains/ })

it('the grid is sorted and filtered, and its address says so', async () => {
  const page = await open(PEOPLE)
  const cards = page.getByRole('list', { name: 'People' }).getByRole('listitem')
  await page.getByText('4 people').waitFor()
  const names = async (): Promise<string[]> =>
    (await cards.locator('.name').allTextContents()).map((name) => name.slice(0, 3))
  await expect.poll(names).toEqual(['Ann', 'Ben', 'Clé', 'Nor'])
  await page.getByRole('button', { name: /Sort by: Screen time/ }).click()
  await page.waitForURL(/sort=seconds/)
  await expect.poll(async () => [(await names())[0], (await names())[3]]).toEqual(['Ann', 'Nor'])
  await page.getByRole('searchbox', { name: 'Find a name' }).fill('cleo')
  await page.getByText('1 of 4').waitFor()
  await page.waitForURL(/q=cleo/)
  await page.reload()
  await page.getByText('1 of 4').waitFor()
  await expect.poll(names).toEqual(['Clé'])
  await cards.first().getByRole('link').click()
  await page.getByRole('heading', { name: 'Cléo Cox', level: 2 }).waitFor()
  await page.close()
})

it('arrow keys walk over the grid and Enter opens a person', async () => {
  const page = await open(PEOPLE)
  await page.getByRole('link', { name: /Ann Ace/ }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Cléo Cox', level: 2 }).waitFor()
  await page.close()
})

it('somebody without a picture is no error', async () => {
  const page = await open(PEOPLE)
  const wrong: string[] = []
  page.on('response', (response) => void (response.status() >= 400 && wrong.push(response.url())))
  page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())))
  await page.getByRole('link', { name: /Nora New/ }).click()
  await page.getByText('There is no picture yet.').waitFor()
  await page.getByText('Not seen in any video').waitFor()
  const answer = await page.request.get(`${served!.url}/api/v1/projects/cast/people/Nora_New/thumbnail`)
  expect(answer.status()).toBe(204)
  expect(wrong).toEqual([])
  await page.close()
})

it('a pasted list is understood line by line, survives a failure, and becomes people with photos', async () => {
  const page = await open(PEOPLE)
  await page.getByRole('button', { name: 'Add people' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add people' })
  const names = dialog.getByRole('textbox', { name: 'Names' })
  await names.fill('Dora Day\thttps://www.wikidata.org/entity/Q2\nEve Ems\nDora Day\nAnn Ace\na/b')
  await dialog.getByText('2 new people').waitFor()
  await dialog.getByText('1 known already').waitFor()
  await dialog.getByText('2 lines not taken').waitFor()
  await dialog.getByText('has a character that no name may have').waitFor()
  await dialog.getByText('new · with a link').waitFor()

  await page.route('**/people-list', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' }),
  )
  await dialog.getByRole('button', { name: 'Add 3 people' }).click()
  await dialog.getByRole('alert').waitFor()
  expect(await names.inputValue()).toContain('Eve Ems')
  await page.unroute('**/people-list')
  await dialog.getByRole('spinbutton', { name: 'photos for each' }).fill('3')
  await dialog.getByRole('button', { name: 'Add 3 people' }).click()
  await dialog.waitFor({ state: 'hidden' })

  const search = page.getByRole('region', { name: 'Search for photos' })
  await search.getByRole('listitem').filter({ hasText: 'Dora Day' }).filter({ hasText: '3 photos' }).waitFor(JOB)
  await search.getByRole('listitem').filter({ hasText: 'Eve Ems' }).filter({ hasText: '3 photos' }).waitFor(JOB)
  await search.getByText('done · 3 of 3 people').waitFor(JOB)
  await page.waitForFunction(() => document.querySelector('[role=status]') !== null)
  await expect.poll(() => states(page, 'Dora_Day'), { timeout: 60_000 }).toEqual({ active: 3 })
  await page
    .getByRole('link', { name: /Dora Day/ })
    .last()
    .click()
  await page.getByRole('link', { name: /wikidata\.org\/entity\/Q2/ }).waitFor()
  await expect.poll(() => training(page).count(), { timeout: 60_000 }).toBe(3)
  await page.close()
})

it('more photos of somebody are searched for on their page, with what was found as it comes', async () => {
  const page = await open(`${PEOPLE}/Dora_Day`)
  await expect.poll(() => training(page).count()).toBe(3)
  await page.getByRole('button', { name: 'Search for photos' }).click()
  const search = page.getByRole('region', { name: 'Search for photos' })
  await search.getByText('done · 1 of 1 people').waitFor(JOB)
  await expect.poll(() => states(page, 'Dora_Day'), { timeout: 60_000 }).toEqual({ active: 4 })
  await expect.poll(() => training(page).count(), { timeout: 60_000 }).toBe(4)
  await search.getByRole('button', { name: 'Hide' }).click()
  await search.waitFor({ state: 'hidden' })
  await page.close()
})

it('pictures are switched by mouse and keys, the most doubtful first, and taken back', async () => {
  const page = await open(`${PEOPLE}/Ann_Ace`)
  await expect.poll(() => pictures(page).count()).toBe(11)
  expect(await states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })
  // The one of somebody else stands first, with the reason.
  await grid(page)
    .getByRole('option', { name: /^Picture 1 of 11, somebody else\?.* unlike the 9 pictures/ })
    .waitFor()
  const about = page.getByRole('region', { name: 'About the picture' })
  await about.getByRole('link', { name: /commons\.wikimedia\.org/ }).waitFor()
  await about.getByText('CC BY-SA 4.0').waitFor()

  await training(page).first().click()
  await page.getByText('1 picture is set aside.').waitFor()
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 8, disabled: 1, outlier: 1, no_face: 1 })
  await page.keyboard.press('Control+z')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })

  await pictures(page).first().focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 10, no_face: 1 })
  await page.keyboard.press('Control+z')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 10, no_face: 1 })
  // Faster than the server answers: each key takes back one step more.
  await pictures(page).nth(3).focus()
  for (const key of ['Enter', 'ArrowRight', 'Enter', 'Control+z', 'Control+z', 'Control+z'])
    await page.keyboard.press(key)
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 10, no_face: 1 })
  await page.keyboard.press('Control+z')
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })
  await page.close()
})

it('several are chosen and set aside at once', async () => {
  const page = await open(`${PEOPLE}/Cleo_Cox`.replace('Cleo', 'Cléo'))
  await expect.poll(() => training(page).count()).toBe(9)
  await pictures(page)
    .nth(1)
    .click({ modifiers: ['Control'] })
  await pictures(page)
    .nth(4)
    .click({ modifiers: ['Shift'] })
  await page.getByText('4 pictures chosen').waitFor()
  await page.keyboard.press('d')
  await page.getByText('4 pictures are set aside.').waitFor()
  await expect.poll(() => states(page, 'Cléo_Cox')).toEqual({ active: 5, disabled: 4 })
  await page.getByRole('button', { name: 'Use A' }).click()
  await expect.poll(() => states(page, 'Cléo_Cox')).toEqual({ active: 9 })
  // By keys alone: Shift and arrows choose, Escape lets go.
  await page.keyboard.press('Escape')
  await pictures(page).first().focus()
  await page.keyboard.press('Shift+ArrowRight')
  await page.getByText('2 pictures chosen').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('9 of 9 pictures train').waitFor()
  await page.close()
})

it('what the server refuses is shown as before, with the reason', async () => {
  const page = await open(`${PEOPLE}/Ben_Bo`)
  await expect.poll(() => training(page).count()).toBe(9)
  await page.route('**/image-changes', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: '{"code":"store_unavailable","detail":"The disk is gone."}',
    }),
  )
  await training(page).first().click()
  await page.getByText('The disk is gone.').waitFor()
  await expect.poll(() => training(page).count()).toBe(9)
  await page.close()
})

it('a picture is moved by keys with type-ahead, and by dragging it', async () => {
  const page = await open(`${PEOPLE}/Ann_Ace`)
  await expect.poll(() => pictures(page).count()).toBe(11)
  await pictures(page).first().focus()
  await page.keyboard.press('m')
  const dialog = page.getByRole('dialog', { name: 'Whose picture is it?' })
  await dialog.getByRole('combobox', { name: 'Name' }).waitFor()
  await page.keyboard.type('cox')
  await dialog.getByRole('option', { name: 'Cléo Cox' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('1 picture moved to Cléo Cox.').waitFor()
  await expect.poll(() => states(page, 'Cléo_Cox')).toEqual({ active: 10 })
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })

  await expect.poll(() => pictures(page).count()).toBe(11)
  const from = (await pictures(page).first().boundingBox())!
  await page.mouse.move(from.x + 40, from.y + 40)
  await page.mouse.down()
  await page.mouse.move(from.x + 80, from.y + 90, { steps: 5 })
  const target = page.locator('[data-person="Ben_Bo"]')
  await target.waitFor()
  const to = (await target.boundingBox())!
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 })
  await page.mouse.up()
  await page.getByText('1 picture moved to Ben Bo.').waitFor()
  await expect.poll(() => states(page, 'Ben_Bo')).toEqual({ active: 10 })
  await page.keyboard.press('Control+z')
  await expect.poll(() => states(page, 'Ben_Bo')).toEqual({ active: 9 })
  await expect.poll(() => states(page, 'Ann_Ace')).toEqual({ active: 9, outlier: 1, no_face: 1 })
  await page.close()
})

it('photos are dropped in, each with what became of it', async () => {
  const page = await open(`${PEOPLE}/Ben_Bo`)
  await expect.poll(() => training(page).count()).toBe(9)
  const files = ['ben.png', 'wall.png', 'words.jpg', 'large.png'].map((name) => ({
    name,
    data: readFileSync(join(served!.folder, 'photos', name)).toString('base64'),
  }))
  await page.evaluate(async (dropped) => {
    const data = new DataTransfer()
    for (const { name, data: text } of dropped) {
      data.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], name))
    }
    const target = document.querySelector('#content')!
    for (const kind of ['dragenter', 'dragover', 'drop']) {
      target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }))
    }
  }, files)
  const uploads = page.getByRole('region', { name: 'New photos' })
  const row = (name: string): Locator => uploads.getByRole('listitem').filter({ hasText: name })
  await row('words.jpg').getByText('is not a picture of a known kind').waitFor()
  await row('large.png').getByText('Too large.').waitFor()
  await row('wall.png').getByText('no face').waitFor(JOB)
  await row('ben.png').getByText('trains').waitFor(JOB)
  await expect.poll(() => training(page).count()).toBe(10)
  await page.close()
})

it('an appearance is played in place, only its stretch, and leads to the video', async () => {
  const page = await open(`${PEOPLE}/Ben_Bo?conf=0.3`)
  const group = page.getByRole('region', { name: 'The cast on stage' })
  const moments = group.getByRole('button', { name: /^Play / })
  await expect.poll(() => moments.count()).toBe(2)
  await moments.nth(1).click()
  const player = page.getByRole('region', { name: 'Player' })
  await player.getByRole('button', { name: 'Pause' }).waitFor()
  await player.getByRole('button', { name: 'Play' }).waitFor()
  const at = await page.evaluate(() => document.querySelector('video')!.currentTime)
  expect(at).toBeGreaterThan(10.9)
  expect(at).toBeLessThanOrEqual(12.1)
  await page.getByRole('slider', { name: 'Confidence' }).press('End')
  await page.waitForURL(/conf=1/)
  await page.getByRole('button', { name: 'Clear filters' }).press('Enter')
  await player.getByRole('link', { name: /Open in/ }).click()
  await page.waitForURL(/\/videos\/\w+\?.*track=\d+/)
  expect(Number(new URL(page.url()).searchParams.get('t'))).toBeGreaterThan(8.9)
  await page.close()
})

it('what an archive knows of a person stands under the name, with the link to its graph', async () => {
  const page = await open(`${PEOPLE}/Ann_Ace`)
  await page.getByRole('term').filter({ hasText: 'archive_id' }).waitFor()
  await page.getByRole('definition').filter({ hasText: 'P-0007' }).waitFor()
  const link = page.getByRole('link', { name: /wikidata\.org\/entity\/Q1/ })
  expect(await link.getAttribute('href')).toBe('https://www.wikidata.org/entity/Q1')
  // A note of somebody's leaves it as it was.
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'Notes' }).fill('Seen at the harbour')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Seen at the harbour').waitFor()
  await page.getByRole('definition').filter({ hasText: '1921' }).waitFor()
  await page.close()
})

it('two who edit the same person lose nothing, and are told', async () => {
  const page = await open(`${PEOPLE}/Ann_Ace`)
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog', { name: 'About this person' })
  await dialog.getByRole('textbox', { name: 'Description' }).fill('Singer')
  const path = `${served!.url}/api/v1/projects/cast/people/Ann_Ace`
  const etag = (await page.request.get(path)).headers().etag!
  const theirs = { description: 'Dancer', aliases: ['Annie'] }
  expect((await page.request.patch(path, { headers: { 'If-Match': etag }, data: theirs })).status()).toBe(200)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('Somebody else wrote: Dancer').waitFor()
  expect(await dialog.getByRole('textbox', { name: 'Description' }).inputValue()).toBe('Singer')
  await expect.poll(() => dialog.getByRole('textbox', { name: 'Other names' }).inputValue()).toBe('Annie')
  await dialog.getByRole('button', { name: 'Save this' }).click()
  await page.getByText('Singer').waitFor()
  const now = await (await page.request.get(path)).json()
  expect([now.description, now.aliases]).toEqual(['Singer', ['Annie']])
  await page.close()
})

it('what was typed of a person is given up by the button for it alone', async () => {
  const page = await open(`${PEOPLE}/Ann_Ace`)
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog', { name: 'About this person' })
  const notes = dialog.getByRole('textbox', { name: 'Notes' })
  await dialog.and(page.locator(':has(input:focus)')).waitFor()
  await notes.click()
  await page.keyboard.type('A long note')
  await page.keyboard.press('Escape')
  await page.mouse.click(4, 4)
  expect(await notes.inputValue()).toContain('A long note')
  let asked = ''
  page.once('dialog', (question) => {
    asked = question.type()
    void question.dismiss()
  })
  await page.reload({ timeout: 1000 }).catch(() => undefined)
  expect(asked).toBe('beforeunload')
  expect(await notes.inputValue()).toContain('A long note')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  // With nothing typed Escape closes it, as it does elsewhere.
  await page.getByRole('button', { name: 'Edit' }).click()
  expect(await notes.inputValue()).not.toContain('A long note')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.close()
})

it.each(
  (['light', 'dark'] as const).flatMap((theme) => [
    ['the people', theme, PEOPLE, ''],
    ['the adding of people', theme, PEOPLE, 'add'],
    ['a person', theme, `${PEOPLE}/Ann_Ace`, ''],
    ['a large picture', theme, `${PEOPLE}/Ann_Ace`, 'o'],
    ['the moving of a picture', theme, `${PEOPLE}/Ann_Ace`, 'm'],
    ['the editing of a person', theme, `${PEOPLE}/Ann_Ace`, 'edit'],
  ]),
)('axe finds nothing serious on %s, %s', async (_, theme, path, what) => {
  const page = await open(path!, theme as 'light' | 'dark')
  await settled(page)
  if (what === 'add') {
    await page.getByRole('button', { name: 'Add people' }).click()
    await page.getByRole('textbox', { name: 'Names' }).fill('Ann Ace\nNew One\nNew One\na/b')
  } else if (what === 'edit') await page.getByRole('button', { name: 'Edit' }).click()
  else if (what) {
    await pictures(page).first().focus()
    await page.keyboard.press(what)
  }
  if (what) await page.getByRole('dialog').waitFor()
  await page.waitForTimeout(500)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
  expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  await page.close()
})
