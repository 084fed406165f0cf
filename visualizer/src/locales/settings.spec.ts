import { readFileSync } from 'node:fs'
import french from './settings.fr.json'

/** The settings whose meaning the service tells: those of docs/settings.md that say what comes of a project. */
const HIDDEN = ['server', 'fetch', 'database', 'worker', 'log', 'data_dir', 'weights_dir', 'weights_from']
const documented = [...readFileSync('../docs/settings.md', 'utf8').matchAll(/^\| `([\w.]+)` \|/gm)].map(
  (match) => match[1]!,
)

it('each setting that is shown has its meaning in French', () => {
  const shown = documented.filter((name) => !HIDDEN.includes(name.split('.')[0]!))
  expect(shown.length).toBeGreaterThan(30)
  expect(Object.keys(french).sort()).toEqual(shown.sort())
  expect(Object.values(french).filter((text) => !text.trim())).toEqual([])
})
