/** What measures the page: frames, memory, and the tables in README.md that say what was found, and on which machine. */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'

const README = join(import.meta.dirname, '../README.md')

/** Milliseconds between the frames that the page shows while something is done. */
export async function paced(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = []
    const state = { times, isOver: false }
    ;(window as unknown as { paced: typeof state }).paced = state
    const tick = (now: number): void => {
      times.push(now)
      if (!state.isOver) requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  await act()
  const times = await page.evaluate(() => {
    const { paced } = window as unknown as { paced: { times: number[]; isOver: boolean } }
    paced.isOver = true
    return paced.times
  })
  return times.slice(1).map((time, n) => time - times[n]!)
}

/** Megabytes of JavaScript that are still there after a collection. */
export async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.enable')
  for (let n = 0; n < 3; n++) await cdp.send('HeapProfiler.collectGarbage')
  return Math.round((await cdp.send('Runtime.getHeapUsage')).usedSize / 1e6)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]!
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
/** Frames a second: the median, and what 19 of 20 frames are quicker than. */
export const speed = (gaps: readonly number[]): string =>
  `${(1000 / median(gaps)).toFixed(0)} (${(1000 / quantile(gaps, 0.95)).toFixed(0)})`

/** How many programs want the cores right now. */
export const load = (): number => loadavg()[0]!

/**
 * Write a table into README.md, between `<!-- name -->` and `<!-- /name -->`.
 *
 * @param rows The first one is the head.
 * @param before The load when the measuring began.
 */
export function writeTable(name: string, rows: readonly string[][], browser: Browser, before: number): void {
  const machine = cpus()
  const about = `Measured on ${new Date().toISOString().slice(0, 10)} with Chromium ${browser.version()}, headless and without a graphics card, on ${machine.length} cores of ${machine[0]!.model.trim()}, beside the server; ${before.toFixed(1)} other programs wanted these cores when it began.`
  const [head, ...rest] = rows.map((row) => `| ${row.join(' | ')} |`)
  const line = `|${' --- |'.repeat(rows[0]!.length)}`
  const text = readFileSync(README, 'utf8')
  const made = text.replace(
    new RegExp(`(<!-- ${name} -->\n)[^]*(<!-- /${name} -->)`),
    (_, start: string, end: string) => `${start}\n${about}\n\n${[head, line, ...rest].join('\n')}\n\n${end}`,
  )
  writeFileSync(README, made)
}
