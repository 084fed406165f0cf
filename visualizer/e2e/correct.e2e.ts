/** Corrections: each word by its key and by its button, taken back and said again; keys that play; faces chosen wherever they are shown. */

import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Served } from './server'

/** The film `Harbour 1961` of e2e/seed_review.py: Ada Arp (track 1) beside Bert Blum (2), then a stranger who is in two other films too (3). */
let served: Served | undefined
let film = ''
let page: Page

beforeAll(async () => {
  served = await serve()
  const asking = await served.browser.newPage()
  const { items } = await (await asking.request.get(`${served.url}/api/v1/projects/archive/videos`)).json()
  const found = items.find((one: { video: { title: string } }) => one.video.title === 'Harbour 1961')
  film = `/projects/archive/videos/${found.video_id}`
  await asking.close()
})
afterAll(() => served?.close())
beforeEach(async () => {
  await page?.context().close()
})

async function open(query: string, width = 1440): Promise<void> {
  const context = await served!.browser.newContext({ locale: 'en-GB', viewport: { width, height: 900 } })
  page = await context.newPage()
  await page.goto(`${served!.url}${film}${query}`)
  await page.getByRole('img', { name: /^The picture shows/ }).waitFor()
}

const track = (): Locator => page.getByRole('region', { name: 'Selected track' })
const named = (name: string): Promise<void> => track().getByRole('heading', { name, exact: true }).waitFor()
const told = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor()
const selected = (): string | null => new URL(page.url()).searchParams.get('track')
const chosen = (number: string): Promise<unknown> =>
  page.waitForFunction((wanted) => new URL(location.href).searchParams.get('track') === wanted, number)
/** Decisions of the project that hold. */
async function nHeld(): Promise<number> {
  const { items } = await (await page.request.get(`${served!.url}/api/v1/projects/archive/decisions?limit=500`)).json()
  return items.filter((one: { undone: boolean; verb: string }) => !one.undone && one.verb !== 'undo').length
}

interface Word {
  what: string
  key: string
  button: string
  /** What has to be done in the dialog that asks for more. */
  then?: () => Promise<unknown>
  told: string | RegExp
}

const first = (): Promise<void> => page.getByRole('dialog').getByRole('listitem').first().getByRole('button').click()
const WORDS: Word[] = [
  { what: 'the name is right', key: 'y', button: 'Y Yes', told: 'Ada Arp is named.' },
  {
    what: 'somebody new',
    key: 'n',
    button: 'N Name',
    then: async () => {
      await page.keyboard.type('Edda Eck')
      await page.keyboard.press('Enter')
    },
    told: 'Edda Eck is named.',
  },
  { what: 'not this person', key: 'x', button: 'X Not them', told: 'This is not Ada Arp.' },
  { what: 'nobody we know', key: 'u', button: 'U Unknown', told: 'This is nobody we know.' },
  { what: 'no face', key: 'Delete', button: 'Del No face', told: 'This is not a face.' },
  { what: 'somebody else from here on', key: 's', button: 'S Split', told: 'Split at 0:02.0.' },
  { what: 'one with another', key: 'm', button: 'M Merge', then: first, told: 'Merged.' },
  { what: 'the same person as another', key: 'a', button: 'A Same as', then: first, told: 'Both are the same person.' },
  { what: 'the second candidate', key: '2', button: '2', told: 'Bert Blum is named.' },
]

describe.each(['key', 'mouse'] as const)('by %s', (by) => {
  it.each(WORDS)('a track is said to be: $what; and that is taken back, and said again', async (word) => {
    await open('?t=2&track=1')
    await named('Ada Arp')
    const before = await nHeld()

    if (by === 'key') await page.keyboard.press(word.key)
    else if (word.button === '2')
      await track().getByRole('group', { name: 'Who it may be' }).getByRole('button').nth(1).click()
    else await track().getByRole('button', { name: word.button }).click()
    await word.then?.()
    await told(word.told)
    await expect.poll(nHeld).toBeGreaterThan(before)

    const undo =
      by === 'key' ? page.keyboard.press('Control+z') : page.getByRole('button', { name: 'Undo' }).first().click()
    await undo
    await told(/^Taken back: /)
    // It goes back to the track that this was about, whichever is selected by now.
    await chosen('1')
    await named('Ada Arp')
    await expect.poll(nHeld).toBe(before)

    await (by === 'key' ? page.keyboard.press('Control+Shift+z') : page.getByRole('button', { name: 'Redo' }).click())
    await told(/^Said again: /)
    await expect.poll(nHeld).toBeGreaterThan(before)
    await page.keyboard.press('Control+z')
    await told(/^Taken back: /)
    await expect.poll(nHeld).toBe(before)
  })
})

it('a stranger who is named is named in all films, and the page tells in how many', async () => {
  await open('?t=12&track=3')
  await named('Unknown 1')
  await page.keyboard.press('n')
  await page.getByRole('radio', { name: /^Everywhere Unknown 1 was seen/ }).waitFor()
  await page.keyboard.type('Xenia X')
  await page.keyboard.press('Enter')
  await told('Xenia X is named; 3 videos changed.')
  await page.getByRole('button', { name: /^Xenia X/ }).waitFor()
  await page.keyboard.press('Control+z')
  await told(/^Taken back: Xenia X is named/)
  await named('Unknown 1')
})

it('names come up while they are typed, and arrows choose one', async () => {
  await open('?t=12&track=3')
  await named('Unknown 1')
  await page.keyboard.press('n')
  await page.keyboard.type('cora')
  await page.getByRole('option', { name: 'Cora Conti' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => page.getByRole('combobox', { name: 'Name' }).inputValue()).toBe('Cora Conti')
  await page.keyboard.press('Enter')
  await told(/^Cora Conti is named/)
  await page.keyboard.press('Control+z')
  await told(/^Taken back: /)
})

it('words in quick succession are said, taken back and said again in their order', async () => {
  await open('?t=2&track=1')
  await named('Ada Arp')
  const before = await nHeld()
  // Faster than anybody answers: each rests on the one before.
  await page.keyboard.press('x')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+Shift+z')
  await page.keyboard.press('Control+z')
  await told(/^Taken back: This is not Ada Arp/)
  await named('Ada Arp')
  await expect.poll(nHeld).toBe(before)

  await page.keyboard.press('u')
  await page.keyboard.press('u')
  await page.keyboard.press('Delete')
  await expect.poll(nHeld).toBe(before + 3)
  for (let n = 0; n < 3; n++) await page.keyboard.press('Control+z')
  await expect.poll(nHeld).toBe(before)
  for (let n = 0; n < 3; n++) await page.keyboard.press('Control+Shift+z')
  await expect.poll(nHeld).toBe(before + 3)
  for (let n = 0; n < 3; n++) await page.keyboard.press('Control+z')
  await expect.poll(nHeld).toBe(before)
  await named('Ada Arp')
  await page.keyboard.press('Control+z')
  await told('There is nothing to take back.')
})

it('after a word the next doubtful appearance is selected by itself', async () => {
  await open('?t=2&track=1')
  await named('Ada Arp')
  await page.keyboard.press('y')
  await told('Ada Arp is named.')
  await expect.poll(selected).not.toBe('1')
  await page.keyboard.press('Control+z')
  await told(/^Taken back: /)
})

describe('keys', () => {
  const frame = async (): Promise<number> =>
    Number(/\d+/.exec((await page.getByText(/^frame \d+$/).textContent()) ?? '')?.[0])
  const playing = (): Promise<boolean> => page.evaluate(() => !document.querySelector('video')!.paused)
  const speed = (): Promise<number> => page.evaluate(() => document.querySelector('video')!.playbackRate)

  it('play, stop, and go by frames, seconds and appearances', async () => {
    await open('?t=6')
    await expect.poll(frame).toBe(60)
    await page.keyboard.press('.')
    await expect.poll(frame).toBe(61)
    await page.keyboard.press(',')
    await page.keyboard.press(',')
    await expect.poll(frame).toBe(59)
    await page.keyboard.press('j')
    await expect.poll(frame).toBeLessThan(12)
    await page.keyboard.press('Space')
    await expect.poll(playing).toBe(true)
    await page.keyboard.press('l')
    await expect.poll(speed).toBe(1.5)
    await page.keyboard.press('k')
    await expect.poll(playing).toBe(false)
    await page.keyboard.press(']')
    await track().waitFor()
    await expect.poll(selected).not.toBeNull()
    const one = selected()
    await page.keyboard.press(']')
    await expect.poll(selected).not.toBe(one)
    await page.keyboard.press('[')
    await expect.poll(selected).toBe(one)
    await page.keyboard.press('Escape')
    await track().waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Split the track here').waitFor()
  })

  it('play the film after a click, wherever that was', async () => {
    await open('?t=2')
    await page.getByRole('button', { name: /^Ada Arp/ }).click()
    await named('Ada Arp')
    await expect.poll(selected).not.toBeNull()
    const here = selected()
    await page.keyboard.press('Space')
    await expect.poll(playing).toBe(true)
    await expect.poll(selected).toBe(here)
    await page.getByRole('button', { name: 'One frame on' }).click()
    await expect.poll(playing).toBe(false)
    await page.keyboard.press('Space')
    await expect.poll(playing).toBe(true)
  })

  it('move in the timeline when it has the focus', async () => {
    await open('?t=6')
    await expect.poll(frame).toBe(60)
    await page.getByRole('slider', { name: /^Timeline/ }).focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(frame).toBe(61)
    await page.keyboard.press('ArrowLeft')
    await expect.poll(frame).toBe(60)
    await page.keyboard.press('PageUp')
    await expect.poll(frame).toBe(160)
    await page.keyboard.press('Home')
    await expect.poll(frame).toBe(0)
  })
})

describe('a face is chosen', () => {
  it('in the picture', async () => {
    await open('?t=2')
    const canvas = page.getByRole('img', { name: /^The picture shows/ })
    const { width, height } = (await canvas.boundingBox())!
    // Ada Arp is on the left, Bert Blum on the right; the film is 640 × 360.
    const scale = Math.min(width / 640, height / 360)
    const at = (x: number, y: number) => ({
      position: { x: (width - 640 * scale) / 2 + x * scale, y: (height - 360 * scale) / 2 + y * scale },
    })
    // There is nothing to be chosen before the boxes have come and are drawn.
    await expect
      .poll(
        async () => {
          if ((await selected()) !== '2') await canvas.click(at(480, 160))
          return selected()
        },
        { interval: 1000 },
      )
      .toBe('2')
    await canvas.click(at(180, 160))
    await named('Ada Arp')
    await expect.poll(selected).toBe('1')
  })

  it('in a lane, whose hover shows it first, inside of the page', async () => {
    await open('?t=0')
    const timeline = page.getByRole('slider', { name: /^Timeline/ })
    const box = (await timeline.boundingBox())!
    const x = (npt: number): number => box.x + 176 + ((box.width - 176) * npt) / 30
    const names = (): Promise<string[]> => page.locator('[data-lane] .name').allTextContents()
    await expect.poll(names).toContainEqual(expect.stringMatching(/^Unknown/))
    const lanes = await names()
    const y = (name: RegExp): number => box.y + 34 + 26 * lanes.findIndex((one) => name.test(one)) + 13
    await page.mouse.move(x(5), y(/^Ada Arp/))
    const card = page.locator('.hover')
    await card.getByText('Ada Arp').waitFor()
    await card.locator('img').waitFor()
    await page.mouse.move(x(28.9), y(/^Unknown/), { steps: 2 })
    await page.mouse.click(x(5), y(/^Ada Arp/))
    await named('Ada Arp')
    // At the right edge nothing of the card is cut off.
    const rightmost = async (): Promise<boolean> => {
      for (const name of lanes) {
        await page.mouse.move(x(28.5), y(new RegExp(`^${name}$`)), { steps: 2 })
        if (await card.isVisible()) return true
      }
      return false
    }
    await expect.poll(rightmost).toBe(true)
    const place = (await card.boundingBox())!
    expect(place.x + place.width).toBeLessThanOrEqual(1440)
  })
})
