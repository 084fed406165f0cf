/** What a page shows while there is nothing, not yet something, or something wrong; and that nothing is lost with a lost server. */

import type { Locator, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Served } from './server'

const AWAY = 'The server does not answer. This page goes on by itself when it is back.'
const LONG = { timeout: 30_000 }

let served: Served | undefined
let video = ''
let group = 0
let track = ''
const ARCHIVE = '/projects/archive'

beforeAll(async () => {
  served = await serve()
  const page = await served.browser.newPage()
  const { items } = await (await page.request.get(`${served.url}/api/v1/projects/e2e/videos`)).json()
  video = `/projects/e2e/videos/${items[0].video_id}`
  const of = async (path: string) => (await page.request.get(`${served!.url}/api/v1${ARCHIVE}${path}`)).json()
  group = (await of('/groups?limit=1')).items[0].unknown_id
  const { analysis_id, track_id } = (await of('/review?limit=1')).items[0].appearance
  track = `${analysis_id}-${track_id}`
  await page.close()
})
afterAll(() => served?.close())

async function open(path: string): Promise<Page> {
  const page = await served!.browser.newPage({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })
  await page.goto(served!.url + path)
  return page
}

/** Each page: its address, which of its requests it cannot do without, and what is to be seen on it. */
interface Shown {
  name: string
  path: () => string
  needs: string
  /** Answers for which the page has words of its own. */
  own?: number[]
  /** Something of it is there while it loads. */
  fills?: boolean
  content: (page: Page) => Locator
}

const PAGES: Shown[] = [
  {
    name: 'the projects',
    path: () => '/',
    needs: '**/api/v1/projects?*',
    content: (page) => page.getByRole('link', { name: /^e2e/ }),
  },
  {
    name: 'the videos',
    path: () => '/projects/e2e/videos',
    needs: '**/api/v1/projects/e2e/videos?*',
    content: (page) => page.getByRole('link', { name: 'boxes' }),
  },
  {
    name: 'a video',
    path: () => video,
    needs: '**/api/v1/projects/e2e/videos/*',
    content: (page) => page.getByRole('button', { name: /^Ann Ace/ }),
  },
  {
    name: 'the people',
    path: () => '/projects/e2e/people',
    needs: '**/api/v1/projects/e2e/people?*',
    content: (page) => page.getByRole('link', { name: /Ann Ace/ }),
  },
  {
    name: 'a person',
    path: () => '/projects/e2e/people/Ann_Ace',
    needs: '**/api/v1/projects/e2e/people/Ann_Ace',
    // A name that the project does not know is said in words of its own.
    own: [404],
    content: (page) => page.getByRole('heading', { name: 'Ann Ace' }).first(),
  },
  {
    name: 'a project',
    path: () => '/projects/e2e',
    needs: '**/api/v1/projects/e2e',
    // Its places are there from the beginning, and fill one by one.
    fills: true,
    content: (page) => page.getByRole('heading', { name: 'Settings' }),
  },
  {
    name: 'the review',
    path: () => `${ARCHIVE}/review`,
    needs: `**/api/v1${ARCHIVE}/review?*`,
    content: (page) => page.getByRole('article'),
  },
  {
    name: 'the unknown people',
    path: () => `${ARCHIVE}/unknown`,
    needs: `**/api/v1${ARCHIVE}/groups?*`,
    content: (page) => page.getByRole('list', { name: 'Unknown people' }),
  },
  {
    name: 'a group of unknown people',
    path: () => `${ARCHIVE}/unknown?group=${group}`,
    needs: `**/api/v1${ARCHIVE}/groups/*`,
    own: [404],
    fills: true,
    content: (page) => page.getByRole('heading', { name: /^Unknown \d/ }).first(),
  },
  {
    name: 'a search for people',
    path: () => `${ARCHIVE}/search?with=Ada_Arp`,
    needs: `**/api/v1${ARCHIVE}/moments?*`,
    content: (page) => page.getByText(/^\d+ moments?/).first(),
  },
  {
    name: 'a search for a face',
    path: () => `${ARCHIVE}/search?by=face&track=${track}`,
    needs: `**/api/v1${ARCHIVE}/search/track`,
    content: (page) => page.getByText(/shows? such a face/),
  },
  {
    name: 'the statistics',
    path: () => `${ARCHIVE}/statistics`,
    needs: `**/api/v1${ARCHIVE}/statistics?*`,
    content: (page) => page.getByRole('heading', { name: 'Screen time by person' }),
  },
  {
    name: 'the jobs',
    path: () => '/projects/e2e/jobs',
    needs: '**/api/v1/jobs?*',
    content: (page) => page.getByRole('heading', { name: 'No job yet' }),
  },
]

function refused(status: number, code: string, detail: string) {
  return (route: Route): Promise<void> =>
    route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ code, detail, status }) })
}

describe.each(PAGES)('$name', ({ path, needs, content, own = [], fills = false }) => {
  it('says that it is loading while an answer takes its time', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    let go = (): void => undefined
    const slow = new Promise<void>((done) => (go = done))
    await page.route(needs, async (route) => {
      await slow
      await route.continue()
    })
    await page.goto(served!.url + path())
    await page.getByRole('progressbar', { name: 'Loading …' }).waitFor()
    if (!fills) expect(await content(page).count()).toBe(0)
    go()
    await content(page).waitFor()
    await page.getByRole('progressbar', { name: 'Loading …' }).waitFor({ state: 'detached' })
    await page.close()
  })

  it.each(
    [
      [500, 'internal_error', 'The server made a mistake.', 'This could not be loaded.'],
      [503, 'store_unavailable', 'The disk is gone.', 'This could not be loaded.'],
      [404, 'not_found', 'There is no such thing.', 'This is not here.'],
      [403, 'forbidden', 'This needs the role of a reader.', 'You have no access to this.'],
    ].filter(([status]) => !own.includes(status as number)) as [number, string, string, string][],
  )('says what is wrong at an answer of %i, and tries again by keys', async (status, code, detail, title) => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    await page.route(needs, refused(status, code, detail))
    await page.goto(served!.url + path())
    await page.getByRole('heading', { name: title }).waitFor()
    await page.getByText(detail).waitFor()
    const again = page.getByRole('button', { name: 'Try again' })
    await again.focus()
    await Promise.all([page.waitForResponse(needs), page.keyboard.press('Enter')])
    // The button that was pressed is still there, and still has the focus.
    await again.waitFor()
    await expect.poll(() => again.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.unroute(needs)
    await page.keyboard.press('Enter')
    await content(page).waitFor()
    await page.close()
  })

  it('asks for a token at an answer of 401', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    await page.route(needs, refused(401, 'unauthorized', 'A token is needed.'))
    await page.goto(served!.url + path())
    await page.getByRole('dialog', { name: 'A token is needed' }).waitFor()
    await page.getByRole('textbox', { name: 'Token' }).fill('fr_of_nobody')
    await page.unroute(needs)
    await page.keyboard.press('Enter')
    await content(page).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.close()
  })
})

describe('nothing', () => {
  it('a service without projects says what one is, and begins the first', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    await page.route('**/api/v1/projects?*', (route) => route.fulfill({ json: { items: [], next: null } }))
    await page.goto(served!.url)
    await page.getByRole('heading', { name: 'No project yet' }).waitFor()
    await page.getByRole('textbox', { name: 'Name of the project' }).waitFor()
    await page.close()
  })

  it('a project without videos says how one gets in', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    expect((await page.request.post(`${served!.url}/api/v1/projects`, { data: { project: 'empty' } })).ok()).toBe(true)
    await page.goto(`${served!.url}/projects/empty/videos`)
    await page.getByRole('heading', { name: 'No video in this project yet' }).waitFor()
    await page.getByRole('textbox', { name: /^Address/ }).waitFor()
    await page.close()
  })

  it('a video in which nobody was seen says so', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    await page.route('**/appearances?*', (route) => route.fulfill({ json: { items: [], next: null } }))
    await page.goto(served!.url + video)
    await page.getByText('Nobody was seen in this video.').waitFor()
    await page.close()
  })

  it.each([
    ['/projects/nowhere/videos', 'This is not here.'],
    ['/projects/e2e/videos/none', 'This is not here.'],
    ['/projects/e2e/nothing/at/all', 'There is no such page.'],
  ])('%s says that it is not there, and leads home', async (path, title) => {
    const page = await open(path)
    await page.getByRole('heading', { name: title }).waitFor()
    await page.getByRole('link', { name: 'To the projects' }).click()
    await page.getByRole('link', { name: /^e2e/ }).waitFor()
    await page.close()
  })
})

describe('a lost server', () => {
  // Also where a test ended before it had brought the server back.
  beforeEach(() => served!.start())

  it('is told on every page, which goes on by itself with what has changed meanwhile', async () => {
    const pages = await Promise.all(
      PAGES.map(async ({ path, content }) => {
        const page = await open(path())
        await content(page).waitFor()
        return { page, shown: content(page) }
      }),
    )
    await served!.stop()
    for (const { page, shown } of pages) {
      await page.getByRole('status').getByText(AWAY).waitFor(LONG)
      // What was there stays there: it is what somebody was reading.
      await shown.waitFor()
      expect(await page.getByRole('heading', { name: 'This could not be loaded.' }).count()).toBe(0)
    }
    served!.python(['-c', BEGIN, 'meanwhile'])
    await served!.start()
    for (const { page, shown } of pages) {
      await page.getByText(AWAY).waitFor({ state: 'detached', ...LONG })
      await shown.waitFor()
    }
    await pages[0]!.page.getByRole('link', { name: /^meanwhile/ }).waitFor()
    await Promise.all(pages.map(({ page }) => page.close()))
  })

  it('takes nothing that was typed, nor the place where it was being typed', async () => {
    const begun = await open('/')
    const name = begun.getByRole('textbox', { name: 'Name of the project' })
    await name.focus()
    await begun.keyboard.type('half')
    const added = await open('/projects/e2e/videos')
    const address = added.getByRole('textbox', { name: /^Address/ })
    await address.focus()
    await added.keyboard.type('https://films.example/a.mp4')

    await served!.stop()
    await begun.getByText(AWAY).waitFor(LONG)
    await begun.keyboard.type('-typed')
    await begun.keyboard.press('Enter')
    await begun.getByText('The server does not answer.', { exact: true }).waitFor()
    await added.getByText(AWAY).waitFor(LONG)
    await added.keyboard.press('Enter')
    await added.getByText('The server does not answer.', { exact: true }).waitFor()
    for (const [field, text] of [
      [name, 'half-typed'],
      [address, 'https://films.example/a.mp4'],
    ] as const) {
      expect(await field.inputValue()).toBe(text)
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
    }
    await served!.start()
    await begun.getByText(AWAY).waitFor({ state: 'detached', ...LONG })
    expect(await name.inputValue()).toBe('half-typed')
    await begun.keyboard.press('Enter')
    await begun.waitForURL(/\/projects\/half-typed/)
    await added.getByText(AWAY).waitFor({ state: 'detached', ...LONG })
    expect(await address.inputValue()).toBe('https://films.example/a.mp4')
    await begun.close()
    await added.close()
  })

  it('keeps a name that could not be saved, to be saved when it is back', async () => {
    const page = await open(`${video}?track=2`)
    await page.getByRole('region', { name: 'Selected track' }).getByRole('heading', { name: 'Ben Bo' }).waitFor()
    await page.keyboard.press('n')
    await page.getByRole('combobox', { name: 'Name' }).waitFor()
    await page.keyboard.type('Cleo Cole')
    await served!.stop()
    await page.keyboard.press('Enter')
    await page.getByText('Not saved, and shown as before: The server does not answer.').waitFor()
    await page.getByRole('button', { name: /^Ben Bo/ }).waitFor()
    await served!.start()
    await page.getByText(AWAY).waitFor({ state: 'detached', ...LONG })
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Cleo Cole is named.').waitFor()
    await page.getByRole('button', { name: /^Cleo Cole/ }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: /^Ben Bo/ }).waitFor()
    await page.close()
  })

  it('is waited for by whoever goes to a page whose files are not there yet', async () => {
    const page = await open('/')
    const link = page.getByRole('link', { name: /^e2e/ })
    await link.waitFor()
    await served!.stop()
    await link.click()
    await page.getByText(AWAY).waitFor(LONG)
    await served!.start()
    await page.waitForURL(/\/projects\/e2e/)
    await page.close()
  })

  it('gives the film back that broke off', async () => {
    const page = await served!.browser.newPage({ locale: 'en-GB' })
    await page.route('**/media', (route) => route.abort())
    await page.goto(`${served!.url}${video}?t=4`)
    await page.waitForFunction(() => document.querySelector('video')?.error)
    await served!.stop()
    await page.getByText(AWAY).waitFor(LONG)
    await page.unroute('**/media')
    await served!.start()
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
    await page.waitForFunction(() => Math.abs(document.querySelector('video')!.currentTime - 4) < 0.1)
    await page.close()
  })
})

/** Begins a project as somebody else would, without the page. */
const BEGIN = `
import sys
from src.settings import load_settings
from src.workspace import open_workspace
with open_workspace(load_settings()) as workspace:
    workspace.begin_project(sys.argv[1], "sface")
`
