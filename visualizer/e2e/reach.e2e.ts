/**
 * What axe does not see (WCAG 2.2 AA): the focus is visible and not hidden (2.4.7, 2.4.11), targets are large enough (2.5.8), the page is
 * of use at 320 pixels and at 200 % (1.4.4, 1.4.10), and whoever wants less motion gets none (2.3.3).
 */

import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

const MOST_STOPS = 80
const TARGET_PX = 24

let served: Served | undefined
let video = ''
let group = 0

beforeAll(async () => {
  served = await serve()
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  video = `/projects/e2e/videos/${items[0].video_id}`
  const wall = await page.request.get(`${served.url}/api/v1/projects/archive/groups?limit=1`)
  group = (await wall.json()).items[0].unknown_id
  await page.close()
})
afterAll(() => served?.close())

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await served!.browser.newPage({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  await page.goto(served!.url + path)
  await settled(page)
  return page
}

const PAGES: [string, () => string][] = [
  ['the projects', () => '/'],
  ['the videos', () => '/projects/e2e/videos'],
  ['a video', () => `${video}?t=2&track=1`],
  ['a project', () => '/projects/e2e'],
  ['the jobs', () => '/projects/e2e/jobs'],
  ['the people', () => '/projects/e2e/people'],
  ['a person', () => '/projects/e2e/people/Ann_Ace'],
  ['the review', () => '/projects/archive/review'],
  ['the unknown people', () => '/projects/archive/unknown'],
  ['a group of unknown people', () => `/projects/archive/unknown?group=${group}`],
  ['a search for people', () => '/projects/archive/search?with=Ada_Arp'],
  ['a search for a face', () => '/projects/archive/search?by=face'],
  ['the statistics', () => '/projects/archive/statistics'],
]

describe.each(PAGES)('%s', (_, path) => {
  it.each(['light', 'dark'] as const)(
    'shows the focus at every stop of the tab key, and nothing lies over it, %s',
    async (theme) => {
      const page = await open(path(), { colorScheme: theme, reducedMotion: 'reduce' })
      const wrong: string[] = []
      const seen = new Set<string>()
      for (let stop = 0; stop < MOST_STOPS; stop++) {
        await page.keyboard.press('Tab')
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
        const focus = await page.evaluate(focused)
        if (!focus || seen.has(focus.path)) break
        seen.add(focus.path)
        if (focus.isHidden) wrong.push(`${focus.name} is hidden`)
        if (!focus.isInside) continue
        const clip = focus.clip
        const lit = await page.screenshot({ clip, animations: 'disabled' })
        await page.evaluate(() => (document.activeElement as HTMLElement).blur())
        const unlit = await page.screenshot({ clip, animations: 'disabled' })
        if (lit.equals(unlit)) wrong.push(`${focus.name} looks the same with the focus`)
        await page.evaluate((at) => (document.querySelector(at) as HTMLElement).focus(), focus.path)
      }
      expect(wrong).toEqual([])
      expect(seen.size).toBeGreaterThan(4)
      await page.close()
    },
  )

  it.each([
    ['1280 × 800', { width: 1280, height: 800 }],
    ['a tablet upright', { width: 768, height: 1024 }],
  ])('has targets of 24 pixels, or room around them, at %s', async (__, viewport) => {
    const page = await open(path(), { viewport })
    expect(await page.evaluate(smallTargets, TARGET_PX)).toEqual([])
    await page.close()
  })

  it.each([
    ['320 pixels', { viewport: { width: 320, height: 640 } }],
    ['200 % of 1280 × 800', { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
  ])('is scrolled in one direction only at %s, and nothing is out of reach', async (__, options) => {
    const page = await open(path(), options)
    expect(await page.evaluate(outOfReach)).toEqual([])
    await page.close()
  })
})

it('nothing moves for whoever wants it still, and what loads does not flicker', async () => {
  const page = await open(`${video}?t=2&track=1`, { reducedMotion: 'reduce' })
  expect(await page.evaluate(placeOfFocus)).toBeGreaterThanOrEqual(0)
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  expect(await page.evaluate(moving)).toEqual([])
  await page.keyboard.press('Escape')
  await page.route('**/api/v1/projects?*', () => new Promise(() => undefined))
  await page.goto(served!.url)
  await page.getByRole('progressbar', { name: 'Loading …' }).waitFor()
  expect(await page.evaluate(moving)).toEqual([])
  await page.close()
})

/** What has the focus: a selector of it, where it is, and whether anything lies over all of it. */
function focused() {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const steps: string[] = []
  for (let node: Element | null = element; node && node !== document.documentElement; node = node.parentElement) {
    steps.unshift(`${node.localName}:nth-child(${[...node.parentElement!.children].indexOf(node) + 1})`)
  }
  const { left, top, width, height } = element.getBoundingClientRect()
  const [right, bottom] = [left + width, top + height]
  const points = [0.1, 0.5, 0.9].flatMap((x) =>
    [0.15, 0.5, 0.85].map((y) => [left + x * width, top + y * height] as const),
  )
  const isHit = ([x, y]: readonly [number, number]): boolean => {
    const hit = document.elementFromPoint(x, y)
    return (
      hit !== null &&
      (element.contains(hit) || hit.contains(element) || hit.closest('label')?.contains(element) === true)
    )
  }
  const margin = 6
  const x = Math.max(0, left - margin)
  const y = Math.max(0, top - margin)
  const clip = {
    x,
    y,
    width: Math.min(innerWidth, right + margin) - x,
    height: Math.min(innerHeight, bottom + margin) - y,
  }
  return {
    path: `html > ${steps.join(' > ')}`,
    name: `${element.localName} "${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}"`,
    // What is a pixel large is for programs that read aloud: the file input behind its button.
    isHidden: width > 1 && height > 1 && !points.some(isHit),
    isInside: clip.width > 0 && clip.height > 0 && width > 1,
    clip,
  }
}

/** What can be pressed and is smaller than it should be, with another such thing so near that the wrong one is hit. */
function smallTargets(least: number): string[] {
  const all = [
    ...document.querySelectorAll<HTMLElement>(
      'a[href], button, input, select, textarea, summary, [role="button"], [role="slider"]',
    ),
  ]
  const boxes = all
    .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map((element) => ({ element, box: (element.closest('label, .v-field') ?? element).getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1 && box.right > 0)
  const middle = (box: DOMRect): [number, number] => [box.left + box.width / 2, box.top + box.height / 2]
  const isSmall = (box: DOMRect): boolean => box.width < least - 0.01 || box.height < least - 0.01
  const away = ([x, y]: [number, number], box: DOMRect): number =>
    Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom))
  return boxes
    .filter(({ element, box }) => {
      if (!isSmall(box)) return false
      return boxes.some(({ element: other, box: near }) => {
        if (other === element || element.contains(other) || other.contains(element)) return false
        if (isSmall(near)) return Math.hypot(...middle(box).map((at, n) => at - middle(near)[n]!)) < least
        return away(middle(box), near) < least / 2
      })
    })
    .map(
      ({ element, box }) =>
        `${element.localName} "${(element.ariaLabel ?? element.textContent ?? '').trim().slice(0, 40)}" ${box.width.toFixed(0)} × ${box.height.toFixed(0)}`,
    )
}

/** What cannot be seen however somebody scrolls up and down: it would take scrolling sideways, or is cut off. */
function outOfReach(): string[] {
  const found: string[] = []
  const content = document.querySelector('#content')!
  if (content.scrollWidth > content.clientWidth + 1)
    found.push(`the content is ${content.scrollWidth} wide in ${content.clientWidth}`)
  const all = document.querySelectorAll<HTMLElement>(
    'a[href], button, input, select, textarea, [role="slider"], h1, h2',
  )
  for (const element of all) {
    const box = element.getBoundingClientRect()
    if (box.width <= 1 || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
    // What is not there until it is asked for: the link that leads past the bar, a drawer that is shut.
    if (box.right <= 0) continue
    const name = `${element.localName} "${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}"`
    if (box.left < -1 || box.right > innerWidth + 1)
      found.push(`${name} reaches from ${box.left.toFixed(0)} to ${box.right.toFixed(0)}`)
    for (let node = element.parentElement; node && node !== document.body; node = node.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(node)
      const around = node.getBoundingClientRect()
      const isCutAside = overflowX === 'hidden' && (box.left >= around.right - 1 || box.right <= around.left + 1)
      const isCutBelow = overflowY === 'hidden' && (box.top >= around.bottom - 1 || box.bottom <= around.top + 1)
      if (isCutAside || isCutBelow) {
        found.push(`${name} is cut off by ${node.localName}.${node.className}`)
        break
      }
      if (overflowX === 'auto' || overflowY === 'auto' || overflowX === 'scroll' || overflowY === 'scroll') break
    }
  }
  return found
}

/** Where the link past the bar is in the moment in which it gets the focus. */
function placeOfFocus(): number {
  const link = document.querySelector<HTMLElement>('a[href="#content"]')!
  if (link.getBoundingClientRect().left >= 0) return NaN
  link.focus()
  return link.getBoundingClientRect().left
}

/** What moves by itself, or takes its time. */
function moving(): string[] {
  return document
    .getAnimations()
    .filter((one) => {
      const { duration, iterations } = one.effect!.getTiming()
      return Number(duration) > 1 || iterations === Infinity
    })
    .map(
      (one) =>
        `${(one as CSSAnimation).animationName ?? 'a transition'} of ${(one.effect as KeyframeEffect).target?.className}`,
    )
}
