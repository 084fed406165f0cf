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
