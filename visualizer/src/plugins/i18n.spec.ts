// @vitest-environment happy-dom
import { i18n, speak } from './i18n'

it('counts as each language does: nothing is one of its plurals in English, and singular in French', async () => {
  const { t } = i18n.global
  const people = (n: number): string => t('people.newOnes', { n }, n)
  await speak('en')
  expect([0, 1, 2].map(people)).toEqual(['0 new people', '1 new person', '2 new people'])
  await speak('fr')
  expect([0, 1, 2].map(people)).toEqual(['0 nouvelle personne', '1 nouvelle personne', '2 nouvelles personnes'])
  await speak('en')
})
