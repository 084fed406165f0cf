import { csvOf } from './csv'

describe('CSV', () => {
  it('quotes what would break a line or a column', () => {
    expect(csvOf(['name', 'seconds'], [['Ann "the" Ace, Jr', 1.5]])).toBe(
      'name,seconds\r\n"Ann ""the"" Ace, Jr",1.5\r\n',
    )
    expect(csvOf(['a'], [['two\nlines'], [null], [true]])).toBe('a\r\n"two\nlines"\r\n\r\ntrue\r\n')
  })

  it.each(['=1+1', '+1', '-1', '@x', '\tx'])('lets no spreadsheet reckon %j', (text) => {
    expect(csvOf(['a'], [[text]])).toContain(`'${text}`)
    expect(csvOf(['a'], [[-1]])).toBe('a\r\n-1\r\n')
  })
})
