import { resultAddress } from './results'

it('leads to a file among the results of a project, whatever it is called', () => {
  expect(resultAddress('p', 'out/p/film/redacted.mp4')).toBe('/api/v1/projects/p/results/film/redacted.mp4')
  expect(resultAddress('p', 'out/p/a b#c/clips/clips.csv')).toBe('/api/v1/projects/p/results/a%20b%23c/clips/clips.csv')
})

it('leads nowhere for what is not among them', () => {
  expect(resultAddress('p', 'out/q/film/x.mp4')).toBe('')
  expect(resultAddress('p', 'elsewhere')).toBe('')
})
