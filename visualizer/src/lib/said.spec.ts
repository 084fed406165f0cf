import { refusal, said, speakBy } from './said'

const CATALOGUE = { 'There is no {what}.': 'Il n’y a pas de {what}.', 'It is not here.': 'Ce n’est pas ici.' }

describe('what the server says', () => {
  afterEach(() => speakBy(null))

  it('is left as it is in English', () => {
    expect(said('There is no film.')).toBe('There is no film.')
    expect(refusal('It is not here.', 'There is no film.')).toBe('There is no film.')
    expect(refusal('It is not here.', '')).toBe('It is not here.')
  })

  it('is said in the language of the page, or what kind of refusal it is', () => {
    speakBy(CATALOGUE)
    expect(said('There is no film.')).toBe('Il n’y a pas de film.')
    expect(said('Nobody knows')).toBe('Nobody knows')
    expect(refusal('It is not here.', 'There is no film.')).toBe('Il n’y a pas de film.')
    expect(refusal('It is not here.', 'Nobody knows why.')).toBe('Ce n’est pas ici (Nobody knows why).')
    expect(refusal('It is not here.', '')).toBe('Ce n’est pas ici.')
    expect(refusal('Strange', 'Nobody knows why.')).toBe('Nobody knows why.')
  })
})
