// @vitest-environment happy-dom
import { ACTIONS, actionOf, BINDINGS, isTaken } from './keys'

const press = (key: string, more = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

describe('actionOf', () => {
  it.each([
    [press(' '), 'play'],
    [press('N', { shiftKey: true }), 'name'],
    [press('?', { shiftKey: true }), 'help'],
    [press('z', { ctrlKey: true }), 'undo'],
    [press('Z', { metaKey: true, shiftKey: true }), 'redo'],
    [press('y', { ctrlKey: true }), 'redo'],
    [press('y'), 'confirm'],
    [press('s', { ctrlKey: true }), null],
    [press('n', { altKey: true }), null],
    // A French or German keyboard: AltGr, which Windows tells as Ctrl and Alt, and Option on a Mac.
    [press('[', { ctrlKey: true, altKey: true }), 'appearanceBack'],
    [press(']', { altKey: true }), 'appearanceOn'],
    [press('ArrowLeft', { altKey: true }), null],
    [press('z', { ctrlKey: true, altKey: true }), null],
    [press('q'), null],
  ])('%o', (pressed, action) => {
    expect(actionOf(pressed)).toBe(action)
  })

  it('has a key for each action, and no key twice', () => {
    expect(new Set(BINDINGS.map((one) => one.action))).toEqual(new Set(ACTIONS))
    const all = BINDINGS.flatMap((one) => one.keys.map((key) => `${one.command ?? ''} ${one.shift ?? ''} ${key}`))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('isTaken', () => {
  it.each([
    ['<input>', 'n', true],
    ['<input type="range">', 'n', false],
    ['<input type="range">', 'ArrowLeft', true],
    ['<input type="checkbox">', ' ', true],
    ['<input type="checkbox">', 'n', false],
    ['<button></button>', ' ', true],
    ['<button></button>', 'n', false],
    ['<canvas></canvas>', ' ', false],
    ['<div role="listbox" data-moves tabindex="0"></div>', 'ArrowDown', true],
    ['<div role="listbox" data-moves tabindex="0"></div>', 'n', false],
    ['<div role="listbox" tabindex="0"></div>', 'n', true],
    ['<div role="slider" tabindex="0"></div>', 'ArrowRight', true],
    ['<div role="slider" tabindex="0"></div>', 'PageDown', true],
    ['<div role="slider" tabindex="0"></div>', ']', false],
  ])('%s and %s', (html, key, taken) => {
    document.body.innerHTML = html
    expect(isTaken(document.body.firstElementChild, key)).toBe(taken)
  })
})
