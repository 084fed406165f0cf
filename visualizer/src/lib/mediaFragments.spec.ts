import { isOf, withFragment } from './mediaFragments'

it.each([
  ['/films/a.mp4', '', '/films/a.mp4'],
  ['/films/a.mp4', 't=1,2', '/films/a.mp4#t=1,2'],
  ['/films/reel #3.mp4', 't=1,2', '/films/reel #3.mp4#t=1,2'],
  ['https://x.example/a.mp4?key=1', 't=1,2', 'https://x.example/a.mp4?key=1#t=1,2'],
  ['http://x.example/media#b7', 't=1,2', 'http://x.example/media#b7&t=1,2'],
])('%s with the part %j', (locator, fragment, joined) => {
  expect(withFragment(locator, fragment)).toBe(joined)
})

it('knows a medium and its parts', () => {
  const locator = 'http://x.example/media#b7'
  expect(
    [locator, `${locator}&t=1,2`, `${locator}8`, 'http://x.example/media'].map((text) => isOf(text, locator)),
  ).toEqual([true, true, false, false])
  expect(['a.mp4', 'a.mp4#t=1', 'a.mp4&b', 'a.mp45'].map((text) => isOf(text, 'a.mp4'))).toEqual([
    true,
    true,
    false,
    false,
  ])
})
