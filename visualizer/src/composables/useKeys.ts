import { onScopeDispose } from 'vue'
import { type Action, actionOf, isTaken } from '@/lib/keys'

/** Hears the keys of the page, unless somebody writes or a dialog is open. */
export function useKeys(acts: Record<Action, () => unknown>): void {
  function heard(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTaken(event.target, event.key)) return
    const action = actionOf(event)
    if (!action) return
    event.preventDefault()
    void acts[action]()
  }
  window.addEventListener('keydown', heard)
  onScopeDispose(() => window.removeEventListener('keydown', heard))
}
