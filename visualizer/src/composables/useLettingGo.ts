import { onScopeDispose } from 'vue'

/** Places in which the focus has to stay where somebody clicked. */
const KEEP = '[role="dialog"], [role="menu"], [role="tablist"], [aria-haspopup]'

/**
 * Whoever clicks on a button and then presses the space bar wants to play the film, and not to press that button once more: after a click
 * by mouse, pen or finger a button lets go of the focus. Keys go on from that place, and whoever works by keys keeps it.
 */
export function useLettingGo(): void {
  function clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    // A click that a key made counts none.
    if (event.detail > 0 && button === document.activeElement && !button?.closest(KEEP)) button?.blur()
  }
  window.addEventListener('click', clicked)
  onScopeDispose(() => window.removeEventListener('click', clicked))
}
