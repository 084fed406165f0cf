/** A project from its beginning: begun, looked at, trained; its jobs watched as they go, cancelled, tried again. */

import axe from 'axe-core'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'

let served: Served | undefined
let page: Page

// Jobs wait until a test lets somebody do them.
beforeAll(async () => {
  const settings = { FACEREC_SERVER__WORKER: 'false', FACEREC_WORKER__NICE: '0' }
  served = await serve({ seeds: ['seed_project.py'], settings, command: ['visualizer/e2e/service.py'] })
})
afterAll(() => served?.close())
afterEach(() => page.close())

async function open(path: string, options: object = {}): Promise<Page> {
  page = await served!.browser.newPage({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  await page.goto(served!.url + path)
  return page
}

/** What is written under one of the amounts, once it is known. */
async function held(what: string): Promise<string> {
  const amount = page
    .getByRole('list', { name: 'What it holds' })
    .getByRole('listitem')
    .filter({ hasText: what })
    .first()
  await amount.filter({ hasText: /\d/ }).waitFor()
  return (await amount.textContent())!.replace(/\u00a0/g, ' ')
}

/** Somebody who does a job step by step: see work.py. */
class Worker {
  private readonly process: ChildProcessWithoutNullStreams
  private readonly answers: Interface

  constructor(kind: string) {
    const args = ['visualizer/e2e/work.py', served!.folder, kind]
    this.process = served!.beside(args) as ChildProcessWithoutNullStreams
    this.answers = createInterface(this.process.stdout)
  }

  private async answer(): Promise<string> {
    return ((await once(this.answers, 'line')) as [string])[0]
  }

  /** The id of the job, once there is one. */
  begun(): Promise<string> {
    return this.answer()
  }

  async does(step: string): Promise<string> {
    const said = this.answer()
    this.process.stdin.write(`${step}\n`)
    return said
  }

  stop(): void {
    this.process.kill()
  }
}

it('a project is begun, and says that there is nothing in it yet', async () => {
  await open('/')
  await page.getByRole('textbox', { name: 'Name of the project' }).fill('Neue Größe')
  await page.getByRole('button', { name: 'New project' }).click()
  await page.waitForURL('**/projects/Neue_Gr*')
  await page.getByText('There are no pictures to learn from yet.').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Train' }).isDisabled()).toBe(true)
  await expect.poll(() => held('People')).toBe('People0')
  expect(new URL(page.url()).pathname).toBe(`/projects/${encodeURIComponent('Neue_Größe')}`)
})

it('a project is begun with the engine that is picked; what cannot run here says why', async () => {
  await open('/')
  await page.getByText('Engine: sface (the usual one)').click()
  const engines = page.getByRole('group', { name: 'Engine' })
  expect(await engines.getByRole('radio', { name: /^sface/ }).isChecked()).toBe(true)
  const { items } = await (await page.request.get(`${served!.url}/api/v1/engines`)).json()
  for (const { engine, runs, why_not } of items) {
    const one = engines.getByRole('radio', { name: new RegExp(`^${engine}(?: |$)`) })
    expect(await one.isDisabled()).toBe(!runs)
    if (!runs) await engines.getByText(why_not).first().waitFor()
  }
  await engines.getByRole('radio', { name: 'fake' }).check()
  await page.getByRole('textbox', { name: 'Name of the project' }).fill('cartoons')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/projects/cartoons')
  const { engine } = await (await page.request.get(`${served!.url}/api/v1/projects/cartoons`)).json()
  expect(engine).toBe('fake')
})

it('a new project says what comes first, and every page leads there', async () => {
  await open('/projects/cartoons')
  const steps = page.getByRole('list', { name: 'How to begin' }).getByRole('listitem')
  await steps.nth(2).waitFor()
  expect(await steps.first().getAttribute('aria-current')).toBe('step')
  for (const section of ['review', 'unknown', 'search', 'statistics']) {
    await page.goto(`${served!.url}/projects/cartoons/${section}`)
    await page.getByRole('heading', { name: 'There is no video yet' }).waitFor()
    await page.getByRole('link', { name: 'Add videos' }).click()
    await page.waitForURL('**/projects/cartoons/videos')
  }
})

it('what cannot be a project is refused, and what was typed stays', async () => {
  await open('/')
  const field = page.getByRole('textbox', { name: 'Name of the project' })
  await field.fill('../x')
  await page.getByRole('button', { name: 'New project' }).click()
  await page.getByRole('alert').or(page.locator('.v-messages__message')).first().waitFor()
  expect(await field.inputValue()).toBe('../x')
})

it('a project shows what it holds, how its model does, and what has changed since', async () => {
  await open('/projects/team')
  await page.getByText('0002-SVM').waitFor()
  const model = page.getByRole('region', { name: 'Model', exact: true })
  await model.getByText('Since then:').waitFor()
  await expect.poll(() => model.innerText()).toContain('new: Flo Fey')
  await expect.poll(() => model.innerText()).toContain('7 pictures added')
  await page.getByRole('heading', { name: 'What changed since 0001-SVM' }).waitFor()
  const changes = page.getByRole('region', { name: 'People, beside the model before' })
  await expect.poll(() => changes.innerText()).toMatch(/New in this model:\s*Eve Ells/)
  await expect.poll(() => changes.innerText()).toMatch(/No longer in it:\s*Zoe Zed/)
  for (const plot of ['Known faces found', 'Calibration', 'Other thresholds', 'Who is taken for whom']) {
    const drawn = page.getByRole('img', { name: plot })
    await drawn.locator('svg path').first().waitFor({ state: 'attached' })
  }
  const { items } = await (await page.request.get(`${served!.url}/api/v1/projects/team/people`)).json()
  await expect.poll(() => held('People')).toBe(`People${items.length}`)
  await expect.poll(() => held('Pictures')).toBe('Pictures7171 switched on')
  await expect.poll(() => held('Appearances')).toBe('Appearances21 with a name')
  await expect.poll(() => held('On disk')).toMatch(/^On disk\d.*MB/)
})

it('settings are found by their meaning, and the one of the project is changed', async () => {
  await open('/projects/team')
  const settings = page.getByRole('region', { name: 'Settings' })
  await settings.getByRole('searchbox', { name: 'Find a setting' }).fill('smaller faces')
  await settings.getByText('tracker.min_face_px').waitFor()
  await expect.poll(() => settings.getByRole('row').count()).toBe(2)
  const changed = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok())
  await settings.getByLabel('classifier').selectOption('Centroid')
  await changed
  await page.reload()
  await settings.getByLabel('classifier').waitFor()
  await expect.poll(() => settings.getByLabel('classifier').inputValue()).toBe('Centroid')
})

it('a training is watched from the button to the new model', async () => {
  await open('/projects/team')
  await page.getByText('0002-SVM').waitFor()
  await page.getByRole('button', { name: 'Train' }).click()
  await page.getByText('Train: waiting').waitFor()
  await page.getByRole('link', { name: '1 job at work' }).waitFor()
  const worker = served!.beside(['-m', 'src', 'worker'])
  try {
    await page.getByText(/0003-/).waitFor({ timeout: 90_000 })
    await page.getByText('Nothing has changed since').waitFor()
    await page.getByRole('heading', { name: 'What changed since 0002-SVM' }).waitFor()
    await page.getByRole('button', { name: 'Train' }).waitFor()
  } finally {
    worker.kill()
    await once(worker, 'exit')
  }
})

it('a job is watched line by line, cancelled and tried again without loading anything anew', async () => {
  await open('/projects/team/jobs')
  await page.getByText('live', { exact: true }).waitFor()
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  const worker = new Worker('clean')
  try {
    await page.request.post(`${served!.url}/api/v1/projects/team/jobs`, { data: { kind: 'clean' } })
    const id = await worker.begun()
    const row = page.getByRole('row', { name: /at work Clean pictures/ })
    await row.waitFor()
    await row.getByRole('link', { name: /Clean pictures/ }).click()
    await page.waitForURL((url) => url.searchParams.get('job') === id)
    const details = page.getByRole('complementary', { name: 'The selected job' })
    const log = details.getByRole('log')
    await worker.does('log Looking at Ann Ace')
    await log.getByText('Looking at Ann Ace').waitFor()
    await worker.does('progress 0.25 Ann Ace: 1 of 4')
    await row.getByText('25 %').waitFor()
    await details.getByText('Ann Ace: 1 of 4').waitFor()
    await page.waitForTimeout(3500)
    await worker.does('progress 0.5 Ann Ace: 2 of 4')
    await details.getByText(/50 % · \d+ sec left/).waitFor()
    // What is told is not asked for.
    expect(asked.filter((path) => path === '/api/v1/jobs')).toEqual([])

    await row.getByRole('button', { name: /^Cancel/ }).click()
    await page.getByRole('row', { name: /stopping Clean pictures/ }).waitFor()
    expect(await worker.does('log too late')).toBe('over')
    const ended = page.getByRole('row', { name: /cancelled Clean pictures/ })
    await ended.waitFor()
    expect(await log.innerText()).not.toContain('too late')

    const second = new Worker('clean')
    await ended.getByRole('button', { name: /^Try again/ }).click()
    await second.begun()
    await second.does('log Once more')
    await log.getByText('Once more', { exact: true }).waitFor()
    await second.does('fail The disk is full. Make room on it.')
    await page
      .getByRole('row', { name: /failed Clean pictures/ })
      .getByText('The disk is full.')
      .waitFor()
    await details.getByRole('alert').getByText('The disk is full. Make room on it.').waitFor()
    second.stop()
  } finally {
    worker.stop()
  }
})

it('the address holds what is looked for', async () => {
  await open('/projects/team/jobs?status=failed&kind=analyse')
  const rows = page.getByRole('row', { name: /Analyse video/ })
  await rows.first().waitFor()
  await expect.poll(() => rows.count()).toBe(1)
  await rows.first().getByText('The video cannot be opened').waitFor()
  await page.getByRole('radio', { name: 'done' }).check({ force: true })
  await page.getByText('No job fits.').waitFor()
  await expect.poll(() => new URL(page.url()).search).toBe('?status=done&kind=analyse')
  await page.getByRole('button', { name: 'Show all' }).click()
  await page.getByRole('row', { name: /Search photos/ }).waitFor()
  await expect.poll(() => new URL(page.url()).search).toBe('')
  await page.reload()
  await page.getByRole('row', { name: /cancelled Name people/ }).waitFor()
})

it('a lost server is shown, and what happened meanwhile is there when it is back', async () => {
  await open('/projects/team/jobs')
  await page.getByText('live', { exact: true }).waitFor()
  await served!.stop()
  await page.getByText('The server does not answer.').waitFor()
  await page.getByText('looked at now and then').waitFor()
  await served!.start()
  await page.getByText('live', { exact: true }).waitFor({ timeout: 30_000 })
  await page.getByText('The server does not answer.').waitFor({ state: 'detached' })
  await page.request.post(`${served!.url}/api/v1/projects/team/jobs`, { data: { kind: 'identify' } })
  await page.getByRole('row', { name: /waiting Name people/ }).waitFor()
  await page.getByRole('button', { name: 'Cancel: Name people' }).click()
  await page
    .getByRole('row', { name: /cancelled Name people/ })
    .nth(1)
    .waitFor()
})

it('where all streams are taken, jobs are asked for now and then', async () => {
  page = await served!.browser.newPage({ locale: 'en-GB' })
  await page.route('**/api/v1/jobs/**/stream*', (route) =>
    route.fulfill({ status: 503, body: '{"code":"too_many_streams"}' }),
  )
  await page.route('**/api/v1/jobs/stream*', (route) =>
    route.fulfill({ status: 503, body: '{"code":"too_many_streams"}' }),
  )
  await page.goto(`${served!.url}/projects/team/jobs`)
  await page.getByText('looked at now and then').waitFor()
  const worker = new Worker('refresh')
  try {
    await page.request.post(`${served!.url}/api/v1/projects/team/jobs`, { data: { kind: 'refresh' } })
    const id = await worker.begun()
    await page.getByRole('link', { name: /Analyse again/ }).click()
    await worker.does('log Asked for')
    await page.getByRole('log').getByText('Asked for').waitFor()
    await worker.does('done')
    await page.getByRole('row', { name: /done Analyse again/ }).waitFor()
    await page.waitForURL((url) => url.searchParams.get('job') === id)
  } finally {
    worker.stop()
  }
})

it('all sections are reached by keys, and the current one is marked', async () => {
  await open('/projects/team')
  const nav = page.getByRole('navigation', { name: 'Sections of the project' })
  await nav.getByRole('link', { name: 'Project' }).focus()
  await expect.poll(() => nav.getByRole('link', { name: 'Project' }).getAttribute('aria-current')).toBe('page')
  while ((await page.evaluate(() => document.activeElement?.textContent?.trim())) !== 'Jobs')
    await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/projects/team/jobs')
  await expect.poll(() => nav.getByRole('link', { name: 'Jobs' }).getAttribute('aria-current')).toBe('page')
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Jobs')
})

const VIEWS = [
  '/projects/team',
  '/projects/team/jobs',
  '/projects/team/jobs?status=failed&kind=analyse',
  'job',
  '/projects/e2e',
]

it.each((['light', 'dark'] as const).flatMap((theme) => VIEWS.map((view) => [theme, view] as const)))(
  'axe finds nothing serious in %s on %s',
  async (colorScheme, view) => {
    let path: string = view
    if (view === 'job') {
      const { items } = await (await fetch(`${served!.url}/api/v1/jobs?project=team&status=failed`)).json()
      path = `/projects/team/jobs?job=${items[0].job_id}`
    }
    await open(path, { colorScheme })
    await page.getByRole('link', { name: 'FaceRec' }).waitFor()
    await page.waitForTimeout(1500)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
    const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
    expect(serious.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])).toEqual([])
  },
)
