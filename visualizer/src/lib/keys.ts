/** The keys of the video page: one table, for what they do and for the help that lists them. */

export const ACTIONS = [
  'play',
  'faster',
  'pause',
  'backward',
  'frameBack',
  'frameOn',
  'appearanceBack',
  'appearanceOn',
  'name',
  'isNot',
  'unknown',
  'ignore',
  'split',
  'merge',
  'same',
  'confirm',
  'first',
  'second',
  'third',
  'undo',
  'redo',
  'markIn',
  'markOut',
  'loop',
  'zoomIn',
  'zoomOut',
  'full',
  'deselect',
  'help',
] as const
export type Action = (typeof ACTIONS)[number]

export interface Binding<A extends string = Action> {
  action: A
  /** As `KeyboardEvent.key` says it, in lower case: the letter that is printed on the key, on every keyboard. */
  keys: readonly string[]
  /** With Ctrl, or Command on a Mac. */
  command?: boolean
  shift?: boolean
  group: 'play' | 'decide' | 'view'
}

export const BINDINGS: readonly Binding[] = [
  { action: 'play', keys: [' '], group: 'play' },
  { action: 'backward', keys: ['j'], group: 'play' },
  { action: 'pause', keys: ['k'], group: 'play' },
  { action: 'faster', keys: ['l'], group: 'play' },
  { action: 'frameBack', keys: [',', 'arrowleft'], group: 'play' },
  { action: 'frameOn', keys: ['.', 'arrowright'], group: 'play' },
  { action: 'appearanceBack', keys: ['['], group: 'play' },
  { action: 'appearanceOn', keys: [']'], group: 'play' },
  { action: 'name', keys: ['n'], group: 'decide' },
  { action: 'confirm', keys: ['enter', 'y'], group: 'decide' },
  { action: 'first', keys: ['1'], group: 'decide' },
  { action: 'second', keys: ['2'], group: 'decide' },
  { action: 'third', keys: ['3'], group: 'decide' },
  { action: 'isNot', keys: ['x'], group: 'decide' },
  { action: 'unknown', keys: ['u'], group: 'decide' },
  { action: 'ignore', keys: ['delete'], group: 'decide' },
  { action: 'split', keys: ['s'], group: 'decide' },
  { action: 'merge', keys: ['m'], group: 'decide' },
  { action: 'same', keys: ['a'], group: 'decide' },
  { action: 'undo', keys: ['z'], command: true, group: 'decide' },
  { action: 'redo', keys: ['z'], command: true, shift: true, group: 'decide' },
  { action: 'redo', keys: ['y'], command: true, group: 'decide' },
  { action: 'markIn', keys: ['i'], group: 'view' },
  { action: 'markOut', keys: ['o'], group: 'view' },
  { action: 'loop', keys: ['r'], group: 'view' },
  { action: 'zoomIn', keys: ['+', '='], group: 'view' },
  { action: 'zoomOut', keys: ['-'], group: 'view' },
  { action: 'full', keys: ['f'], group: 'view' },
  { action: 'deselect', keys: ['escape'], group: 'view' },
  { action: 'help', keys: ['?'], group: 'view' },
]

export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

/** What a key means on the video page; null for nothing of ours. */
export function actionOf(pressed: Pressed): Action | null {
  return meant(pressed, BINDINGS)
}

const LOOKING = BINDINGS.filter((one) => one.group !== 'decide')

/** As `actionOf`, for somebody who may only look. */
export function lookingOf(pressed: Pressed): Action | null {
  return meant(pressed, LOOKING)
}

/** What a key means by a table of bindings; null for nothing. */
export function meant<A extends string>(
  pressed: Pressed,
  bindings: readonly Pick<Binding<A>, 'action' | 'keys' | 'command' | 'shift'>[],
): A | null {
  const key = pressed.key.toLowerCase()
  // Brackets and other signs stand on the third level of many keyboards: Alt, or Ctrl and Alt, is how they are typed and says nothing.
  const isSign = pressed.altKey && key.length === 1 && !/[\p{L}\p{N}\s]/u.test(key)
  if (pressed.altKey && !isSign) return null
  const command = !isSign && (pressed.ctrlKey || pressed.metaKey)
  const found = bindings.find(
    (one) =>
      one.keys.includes(key) &&
      (one.command ?? false) === command &&
      (!one.command || (one.shift ?? false) === pressed.shiftKey),
  )
  return found?.action ?? null
}

/** Whether somebody is writing, or the key does something to what has the focus. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  // A list of ours takes the keys that move in it, and leaves the others to the page.
  if (target.closest('[data-moves]')) return /^(Arrow|Home|End|Page|Enter)/.test(key)
  if (target.isContentEditable || target.closest('[role="dialog"], [role="listbox"], [role="menu"]')) return true
  if (target instanceof HTMLInputElement)
    return target.type === 'range' ? key.startsWith('Arrow') : target.type !== 'checkbox' || key === ' '
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  if (target.closest('[role="slider"]') && /^(Arrow|Home$|End$|Page)/.test(key)) return true
  return Boolean(target.closest('button, a')) && (key === ' ' || key === 'Enter')
}
