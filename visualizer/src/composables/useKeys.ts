import { onScopeDispose } from 'vue'
import { type Action, actionOf, isTaken, type Pressed } from '@/lib/keys'

/** Hears the keys of the page, unless somebody writes or a dialog is open. */
export function useKeys(acts: Record<Action, () => unknown>): void
export function useKeys<A extends string>(acts: Record<A, () => unknown>, meaning: (pressed: Pressed) => A | null): void
export function useKeys(
  acts: Record<string, () => unknown>,
  meaning: (pressed: Pressed) => string | null = actionOf,
): void {
  function heard(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTaken(event.target, event.key)) return
    const action = meaning(event)
    if (!action) return
    event.preventDefault()
    void acts[action]?.()
  }
  window.addEventListener('keydown', heard)
  onScopeDispose(() => window.removeEventListener('keydown', heard))
}
