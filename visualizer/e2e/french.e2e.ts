/** The French page is French: also where it says what the server said. */

import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'
import { settled } from './settled'

const ROOT = resolve(import.meta.dirname, '../..')
const LONG = { timeout: 60_000 }

let served: Served | undefined
let page: Page

beforeAll(async () => {
  served = await serve({
    seeds: ['seed_people.py', 'seed_project.py'],
    settings: (folder) => ({
      PYTHONPATH: `${ROOT}:${join(ROOT, 'visualizer/e2e/drawn')}`,
      FACEREC_CRAWLER__PROVIDERS: '[]',
      FACEREC_CRAWLER__LIBRARY: join(folder, 'library'),
      FACEREC_WORKER__NICE: '0',
    }),
  })
})
afterAll(() => served?.close())
afterEach(() => page.close())

async function open(path: string): Promise<Page> {
  page = await served!.browser.newPage({ locale: 'fr-FR', viewport: { width: 1440, height: 900 } })
  await page.goto(served!.url + path)
  await settled(page)
  return page
}

async function ended(project: string, kind: string, params: object = {}): Promise<{ job_id: string; status: string }> {
  const { request } = page
  const begun = await request.post(`${served!.url}/api/v1/projects/${project}/jobs`, { data: { kind, params } })
  const { job_id } = await begun.json()
  for (;;) {
    const job = await (await request.get(`${served!.url}/api/v1/jobs/${job_id}`)).json()
    if (!['queued', 'running'].includes(job.status)) return job
    await new Promise((done) => setTimeout(done, 300))
  }
}

/** Words that no French sentence has, in all that is to be read or heard; names of settings and what is marked as English is not. */
function english(): Promise<string[]> {
  return page.evaluate(() => {
    const word =
      /\b(the|of|is|are|and|with|has|was|not|this|that|from|which|its|there|cannot|pictures?|looks|like|found|people|unknown \d+|see|run)\b/i
    const texts: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT)
    for (let at: Node | null = walker.currentNode; at; at = walker.nextNode()) {
      const element = at as HTMLElement
      if (element.closest('[lang="en"], code, script, noscript, style, svg')) continue
      const own = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.nodeValue)
      const told = ['aria-label', 'title', 'alt', 'placeholder'].map((name) => element.getAttribute(name))
      texts.push(...[...own, ...told].filter((text): text is string => Boolean(text?.trim())))
    }
    // What somebody called their film is not ours to translate.
    return texts.filter((text) =>
      word.test(text.replace(/The cast on stage|Actress on a small stage|Opening of the bridge/g, '')),
    )
  })
}

it.each([
  ['/', 'Projets'],
  ['/projects/team', 'Réglages'],
  ['/projects/team/jobs', 'échouée'],
  ['/projects/cast/people', 'Ann Ace'],
  ['/projects/cast/people/Ann_Ace', 'Images d’apprentissage'],
  ['/projects/archive/review', 'Passer'],
  ['/projects/archive/unknown', 'Inconnu'],
  ['/projects/archive/search?with=Ada_Arp', 'moment'],
  ['/projects/archive/statistics', 'Temps à l’écran par personne'],
])('%s is all French', async (path, text) => {
  await open(path)
  await page.getByText(text).first().waitFor()
  await settled(page)
  expect(await english()).toEqual([])
})

it('the report of a model gives its advice in French', async () => {
  await open('/projects/team')
  const advice = page.getByRole('region', { name: 'Ce qui aiderait' })
  await advice
    .getByText(/images/)
    .first()
    .waitFor()
  const more = advice.getByRole('button')
  if (await more.count()) await more.click()
  await expect.poll(() => advice.getByRole('listitem').count()).toBeGreaterThan(1)
  expect(await advice.locator('[lang="en"]').count()).toBe(0)
  const changes = page.getByRole('region', { name: 'Les personnes, à côté du modèle précédent' })
  await changes.getByText(/^Chaque modèle a été mesuré sur ses propres images/).waitFor()
  expect(await changes.locator('[lang="en"]').count()).toBe(0)
})

it('why a picture does not train is said in French', async () => {
  await open('/projects/cast/people/Ann_Ace')
  const pictures = page.getByRole('listbox', { name: 'Images d’apprentissage' }).getByRole('option')
  const said = new Set<string>()
  for (const one of await pictures.all()) {
    await one.hover()
    said.add((await page.getByRole('region', { name: 'À propos de l’image' }).locator('.reason').textContent()) ?? '')
  }
  expect([...said].some((text) => text.startsWith('ne ressemble pas aux') || text.includes('aucun visage'))).toBe(true)
  expect(await english()).toEqual([])
})

it('a job that fails says why in French, in the list and in its log', async () => {
  await open('/')
  await page.request.post(`${served!.url}/api/v1/projects`, { data: { project: 'seul' } })
  const failed = await ended('seul', 'train')
  expect(failed.status).toBe('failed')
  await page.goto(`${served!.url}/projects/seul/jobs?job=${failed.job_id}`)
  await page.getByRole('log').getByText('échouée').waitFor(LONG)
  const why = /^Le projet «\sseul\s» n’a aucun visage aligné/
  await page.getByRole('alert').filter({ hasText: why }).waitFor()
  await page.getByRole('table').getByText(why).waitFor()
  expect(await english()).toEqual([])
})

it('a refusal is said in French, where the page is also', async () => {
  await open('/')
  const name = page.getByRole('textbox', { name: 'Nom du projet' })
  await name.fill('team')
  await page.keyboard.press('Enter')
  await page.getByText('Il existe déjà un projet « team ».').waitFor()
  await page.goto(`${served!.url}/projects/nulle-part/jobs?job=none`)
  await page.getByText(/^La tâche «\snone\s» n’existe pas/).waitFor()
})
