/** Review and the wall of unknown people: decided by keys alone, taken back, told, and remembered. */

import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

const PROJECT = '/projects/archive'
let served: Served | undefined
let page: Page

beforeAll(async () => {
  served = await serve()
})
afterAll(() => served?.close())
beforeEach(async () => {
  page = await served!.browser.newPage({
    colorScheme: 'dark',
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
  })
})
afterEach(() => page.close())

async function open(path: string): Promise<void> {
  await page.goto(served!.url + PROJECT + path)
  await settled(page)
}

async function asked<T>(path: string): Promise<T> {
  return (await page.request.get(`${served!.url}/api/v1${PROJECT}${path}`)).json() as Promise<T>
}

interface Listed {
  items: { id: string; unknown_id: number; n_videos: number; n_appearances: number; appearance: { name: string } }[]
  total: number
}
/** Which one the address says is looked at. */
const item = (): string | null => new URL(page.url()).searchParams.get('item')
const queue = () => asked<Listed>('/review?limit=100')
const wall = () => asked<Listed>('/groups?limit=100')

describe('review', () => {
  it('one key decides, the next item is there at once, and Ctrl Z brings it back', async () => {
    const before = await queue()
    expect(before.total).toBeGreaterThan(3)
    await open('/review')
    await expect.poll(item).toBe(before.items[0]!.id)
    await page.getByText(`${before.total} left`).waitFor()
    await page.getByRole('article').getByRole('heading').first().waitFor()
    const shown = await page.evaluate(
      () =>
        new Promise<number>((done) => {
          const heading = document.querySelector('article h2')!
          const where = document.querySelector('article')!
          const text = where.textContent
          const begin = performance.now()
          new MutationObserver(() => {
            if (where.textContent !== text || !heading.isConnected) done(performance.now() - begin)
          }).observe(document.querySelector('main')!, { subtree: true, childList: true, characterData: true })
          window.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true }))
        }),
    )
    console.log(`A decision showed after ${shown.toFixed(1)} ms`)
    await page.waitForFunction((id) => !location.search.includes(id), before.items[0]!.id)
    await page.getByText(`${before.total - 1} left`).waitFor()
    await page.getByText(/ is named\./).waitFor()
    await expect.poll(async () => (await queue()).items.map(({ id }) => id)).not.toContain(before.items[0]!.id)
    await page.keyboard.press('Control+z')
    await page.getByText(/^Taken back:/).waitFor()
    await expect.poll(item).toBe(before.items[0]!.id)
    await page.getByText(`${before.total} left`).waitFor()
    await expect.poll(async () => (await queue()).items.map(({ id }) => id)).toContain(before.items[0]!.id)
  })

  it('skipping leaves an item for later, and back shows it again', async () => {
    await open('/review')
    await expect.poll(item).not.toBeNull()
    const first = item()!
    await page.keyboard.press('s')
    await expect.poll(item).not.toBe(first)
    await page.keyboard.press('Control+z')
    await expect.poll(item).toBe(first)
  })

  it('N names somebody new', async () => {
    await open('/review')
    await expect.poll(item).not.toBeNull()
    const first = item()!
    await page.keyboard.press('n')
    await page.getByRole('combobox', { name: 'Name' }).waitFor()
    await page.keyboard.type('Nora New')
    await page.keyboard.press('Enter')
    await page.getByText(/Nora New is named; \d+ videos? changed\./).waitFor()
    await page.waitForFunction((id) => !location.search.includes(id), first)
    await page.keyboard.press('Control+z')
    await page.getByText(/^Taken back:/).waitFor()
  })

  it('what the server refuses is in the queue again, with the reason', async () => {
    const before = await queue()
    await open('/review')
    await page.route('**/decisions/several', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: '{"code":"store_unavailable","detail":"The disk is gone."}',
      }),
    )
    await page.keyboard.press('y')
    await page.getByText('The disk is gone.').waitFor()
    await page.getByText(`${before.total} left`).waitFor()
    expect((await queue()).total).toBe(before.total)
  })

  it('is narrowed to a person, and the address says so', async () => {
    await open('/review')
    await page.getByLabel('Taken for whom').selectOption({ label: 'Cora Conti' })
    await page.waitForFunction(() => location.search.includes('person=Cora_Conti'))
    const { total } = await asked<Listed>('/review?person_id=Cora_Conti')
    await page.getByText(`${total} left`).waitFor()
    await page.reload()
    await page.getByText(`${total} left`).waitFor()
  })

  it('shows the moment playing, with its face marked', async () => {
    await open('/review')
    const film = page.locator('main video').first()
    await page.waitForFunction(() => {
      const video = document.querySelector('main video') as HTMLVideoElement | null
      return video !== null && !video.paused && video.currentTime > 0
    })
    expect(await film.evaluate((video: HTMLVideoElement) => video.muted)).toBe(true)
  })
})

describe('the wall', () => {
  it('a name under a group names it in all its videos, tells how many, and takes it off the wall', async () => {
    const before = await wall()
    const first = before.items[0]!
    expect(first.n_videos).toBe(3)
    await open('/unknown')
    await page.getByText(`${before.total} people without a name`).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('n')
    await page.keyboard.type('Xenia Xu')
    await page.keyboard.press('Enter')
    await page.getByText('Xenia Xu is named; 3 videos changed.').waitFor()
    await page.getByText(`${before.total - 1} people without a name`).waitFor()
    expect((await wall()).items.map((group) => group.unknown_id)).not.toContain(first.unknown_id)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText(/^Taken back:/).waitFor()
    await page.getByText(`${before.total} people without a name`).waitFor()
    await expect.poll(async () => (await wall()).items[0]).toEqual(first)
  })

  it('the most similar group is merged by M, and parted by Ctrl Z', async () => {
    const before = await wall()
    await open(`/unknown?group=${before.items[0]!.unknown_id}`)
    await page
      .getByRole('button', { name: /^Merge with/ })
      .first()
      .waitFor()
    await page.keyboard.press('m')
    await page.getByText('Merged.').waitFor()
    await expect.poll(async () => (await wall()).total).toBe(before.total - 1)
    await page.keyboard.press('Control+z')
    await page.getByText(/^Taken back:/).waitFor()
    await expect.poll(async () => (await wall()).items).toEqual(before.items)
  })

  it('faces that are somebody else become a group of their own, by keys', async () => {
    const before = await wall()
    const first = before.items[0]!
    await open(`/unknown?group=${first.unknown_id}`)
    const faces = page.getByRole('list', { name: 'Where they are seen' })
    await faces.getByRole('button').first().focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Space')
    await page.getByText('1 selected').waitFor()
    await page.keyboard.press('g')
    await page.getByText('1 appearance is somebody else now.').waitFor()
    await expect.poll(async () => (await wall()).total).toBe(before.total + 1)
    await expect.poll(async () => faces.getByRole('button').count()).toBe(first.n_appearances - 1)
    await page.keyboard.press('Control+z')
    await page.getByText(/^Taken back:/).waitFor()
    await expect.poll(async () => (await wall()).items).toEqual(before.items)
  })

  it('who is not the same is not proposed again', async () => {
    const first = (await wall()).items[0]!
    await open(`/unknown?group=${first.unknown_id}`)
    const aside = page.getByRole('complementary')
    const other = aside.getByRole('button', { name: /^Merge with/ }).first()
    const name = /with (.+?)( M)?$/.exec((await other.innerText()).replace(/\s+/g, ' '))![1]!
    await aside.getByRole('button', { name: `Not the same as ${name}`, exact: true }).click()
    await page.getByText('These are two people.').waitFor()
    await page.reload()
    await aside
      .getByRole('button', { name: /^Merge with/ })
      .first()
      .waitFor()
    expect(await aside.getByRole('button', { name: new RegExp(`^Merge with ${name}( M)?$`) }).count()).toBe(0)
  })

  it('what is refused is on the wall again, and nothing typed is lost', async () => {
    const before = await wall()
    await open('/unknown')
    await page.route('**/decisions/several', (route) => route.abort())
    const input = page.getByRole('combobox').first()
    await input.fill('Nobody Yet')
    await input.press('Enter')
    await page.getByText(/^Not saved, and shown as before/).waitFor()
    await page.getByText(`${before.total} people without a name`).waitFor()
    await expect.poll(() => page.getByRole('combobox').first().inputValue()).toBe('Nobody Yet')
  })
})

describe.each(['light', 'dark'] as const)('axe finds nothing serious, %s', (colorScheme) => {
  it.each([
    ['the queue', () => '/review'],
    ['the wall', () => '/unknown'],
    ['a group', (first: number) => `/unknown?group=${first}`],
  ])('on %s', async (_, path) => {
    const first = (await wall()).items[0]!.unknown_id
    await page.emulateMedia({ colorScheme })
    await open(path(first))
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
    const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
    expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  })
})
