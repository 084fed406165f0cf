/**
 * The whole way, as somebody walks it who has never seen a command line: a list of names, photos from a folder of the operator, a model,
 * a film, its faces, a correction, the same person named everywhere, and the result in a file. Real server, real networks.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'

const PEOPLE = ['Ben Affleck', 'Elton John', 'Jerry Seinfeld', 'Madonna', 'Mindy Kaling']
/** Nobody knows her by a photo: she is to be seen twice in the film. */
const STRANGER = 'Eileen Collins'
const PHOTOS = 6
const JOB = { timeout: 240_000 }

let served: Served | undefined
let page: Page

beforeAll(async () => {
  served = await serve({
    // The demo's photos and film; the project is for the person at the page to begin.
    seed: (python) => python(['-m', 'evaluation.demo', 'prepare']),
    settings: (folder) => ({
      FACEREC_CRAWLER__PROVIDERS: '[]',
      FACEREC_CRAWLER__LIBRARY: join(folder, 'data/demo/gallery'),
      FACEREC_CRAWLER__MAX_NUM: String(PHOTOS),
      FACEREC_SERVER__VIDEO_DIRS: JSON.stringify([join(folder, 'data/demo/videos')]),
      FACEREC_WORKER__NICE: '0',
    }),
  })
  page = await served.browser.newPage({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
}, 300_000)
afterAll(() => served?.close())

/** Go to a section of the project by the bar, as people do. */
async function section(name: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Sections of the project' })
    .getByRole('link', { name, exact: true })
    .click()
}

it('from a list of names to an export', async () => {
  await page.goto(served!.url)
  await page.getByRole('textbox', { name: 'Name of the project' }).fill('journey')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/projects\/journey/)

  // A list of names, pasted; photos are looked for in the folder of the operator, and cut to faces.
  await section('People')
  await page.getByRole('button', { name: 'Add people' }).first().click()
  await page.getByRole('textbox', { name: 'Names, one a line' }).fill(PEOPLE.join('\n'))
  await page.getByRole('button', { name: 'Add 5 people' }).click()
  await page.getByText('5 of 5 people').waitFor(JOB)
  for (const name of PEOPLE) await page.getByRole('link', { name }).first().waitFor(JOB)

  // A model.
  await section('Project')
  await page.getByRole('button', { name: 'Train' }).click(JOB)
  await page.getByText('Held-out faces named rightly').waitFor(JOB)

  // A film of the folder that the operator shows.
  await section('Videos')
  await page.getByRole('textbox', { name: /^Address/ }).fill('demo.mp4')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await page.getByRole('link', { name: 'demo', exact: true }).click(JOB)

  // It plays, with names on the faces.
  for (const name of PEOPLE) await page.getByRole('button', { name: new RegExp(`^${name}`) }).waitFor(JOB)
  await page.keyboard.press('Space')
  await page.getByRole('img', { name: /The picture shows .*Ben Affleck/ }).waitFor()
  await page.keyboard.press('Space')

  // The stranger gets a name: wherever she was seen.
  await page.getByRole('button', { name: /^Unknown 1/ }).click()
  await page.keyboard.press('n')
  await page.getByRole('combobox', { name: 'Name' }).waitFor()
  await page.keyboard.type(STRANGER)
  await page.keyboard.press('Enter')
  await page.getByText(`${STRANGER} is named`).first().waitFor()
  // In both of her shots, though she was named in one.
  await page
    .getByRole('button', { name: new RegExp(`^${STRANGER}`) })
    .getByTitle('2 appearances')
    .waitFor()
  await page.getByRole('button', { name: /^Unknown 1/ }).waitFor({ state: 'detached' })

  // And it is written down.
  await page.getByRole('button', { name: 'Export what was seen' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('listitem').filter({ hasText: 'MOT challenge' }).click()
  const rows = readFileSync(await (await download).path(), 'utf8')
    .trim()
    .split('\n')
  expect(rows.length).toBeGreaterThan(30)
  for (const row of rows)
    expect(row.split(',').map(Number)).toSatisfy((cells: number[]) => cells.length >= 9 && cells.every(Number.isFinite))
}, 600_000)
