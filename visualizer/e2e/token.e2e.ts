/** A service that asks who we are: the page asks once, and pictures and films carry the token too. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Served } from './server'

let served: Served | undefined

beforeAll(async () => {
  served = await serve({ withToken: true })
})
afterAll(() => served?.close())

it('the film plays once the token was given, and no address holds it', async () => {
  const page = await served!.browser.newPage({ locale: 'en-GB' })
  const addresses: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  await page.goto(`${served!.url}/projects/e2e/videos`)
  await page.getByRole('textbox', { name: 'Token' }).fill(`${served!.token}x`)
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('This token was refused').waitFor()
  await page.getByRole('textbox', { name: 'Token' }).fill(served!.token)
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByRole('link', { name: 'boxes' }).click()
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
  await page.evaluate(() => (document.querySelector('video')!.currentTime = 8))
  await page.waitForFunction(() => !document.querySelector('video')!.seeking)
  await page.getByRole('img', { name: 'The picture shows Ann Ace, Ben Bo' }).waitFor()

  // Streams of events cannot send a token either: it is exchanged for a cookie.
  await page.getByRole('link', { name: 'Jobs' }).click()
  await page.getByText('live', { exact: true }).waitFor()
  await page.goBack()

  await page.reload()
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
  expect(addresses.filter((address) => address.includes(served!.token))).toEqual([])
  await page.close()
})

it('who may only look finds nothing that would be refused, and no key that decides', async () => {
  const made = served!.python([...'-m src token add --role viewer --project e2e --name looker'.split(' ')])
  const page = await served!.browser.newPage({ locale: 'en-GB' })
  const refused: string[] = []
  page.on('response', (answer) => answer.status() === 403 && refused.push(answer.url()))
  await page.goto(`${served!.url}/projects/e2e/videos`)
  await page.getByRole('textbox', { name: 'Token' }).fill(/fr_\w+_[\w-]+/.exec(made)![0])
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('Only looking').waitFor()
  await page.getByRole('textbox', { name: /Address/ }).waitFor({ state: 'hidden' })

  await page.getByRole('link', { name: 'boxes' }).click()
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
  await page.keyboard.press(']')
  const track = page.getByRole('region', { name: 'Selected track' })
  await track.getByText('Search this face').waitFor()
  for (const key of ['n', 'u', 'm', 's', 'x', '1']) await page.keyboard.press(key)
  // The help opens after what those keys would have opened.
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(1)
  await page.keyboard.press('Escape')
  await track.getByRole('button', { name: /Name/ }).waitFor({ state: 'hidden' })
  await page.getByRole('tab', { name: 'About' }).click()
  await page.getByText('Analyse again').waitFor({ state: 'hidden' })

  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('link', { name: /Ann Ace/ }).click()
  await page.getByRole('heading', { name: 'Ann Ace', level: 2 }).waitFor()
  await page.getByRole('button', { name: 'Edit' }).waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: /Add photos/ }).waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Unknown' }).click()
  await page.getByRole('link', { name: 'Project', exact: true }).click()
  await page.getByRole('button', { name: /^Train/ }).waitFor({ state: 'hidden' })
  expect(refused).toEqual([])
  await page.close()
})
