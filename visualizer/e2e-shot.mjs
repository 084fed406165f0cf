import { chromium } from 'playwright-core'
const base = process.env.BASE ?? 'http://127.0.0.1:5077'
const path = process.argv[2], out = process.argv[3]
const sizes = { wide: [1440, 900], mid: [1280, 800], tablet: [820, 1180] }
const which = (process.argv[4] ?? 'wide:dark').split(',')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const one of which) {
  const [size, theme, act] = one.split(':')
  const [width, height] = sizes[size]
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme, locale: act === 'fr' ? 'fr-FR' : 'en-GB' })
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(one, m.type(), m.text().slice(0, 300)))
  page.on('pageerror', (e) => console.log(one, 'pageerror', e.message.slice(0, 400), e.stack?.slice(0,300)))
  page.on('response', (r) => r.status() >= 400 && console.log(one, r.status(), r.url()))
  await page.goto(base + path)
  await page.waitForTimeout(2500)
  if (act && act !== 'fr') for (const key of act.split('+')) { await page.keyboard.press(key); await page.waitForTimeout(700) }
  await page.waitForTimeout(600)
  await page.screenshot({ path: `${out}-${size}-${theme}${act ? '-' + act.replace(/\W/g, '') : ''}.png` })
  await page.close()
}
await browser.close()
