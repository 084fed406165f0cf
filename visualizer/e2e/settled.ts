/** When a page has shown what it has to show: streams stay open, so that the network never falls silent. */

import type { Page } from 'playwright-core'

/** Wait until nothing loads any more: no bar, no picture, no font. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('main')?.childElementCount &&
      !document.querySelector('[aria-busy="true"]') &&
      document.fonts.status === 'loaded' &&
      [...document.images].every((image) => {
        const { top, bottom, width } = image.getBoundingClientRect()
        return image.complete || width === 0 || bottom < 0 || top > innerHeight
      }),
  )
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** Wait until the player shows the frame that it was sent to. */
export async function arrived(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const video = document.querySelector('video')
    return video !== null && !video.seeking && video.readyState >= 2
  })
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}
