import { onScopeDispose } from 'vue'

/**
 * What a button means that has a sign and no word is told to those who point at it too, with the key that does the same: its name is there
 * already, for those who listen.
 */
export function useTitles(): void {
  function pointed(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button, a') : null
    const name = button?.getAttribute('aria-label')
    if (!button || !name || button.textContent?.trim()) return
    const keys = button.getAttribute('aria-keyshortcuts')?.replace('Control', 'Ctrl').replaceAll('+', ' ')
    button.title = keys ? `${name} (${keys})` : name
  }
  window.addEventListener('pointerover', pointed, { passive: true })
  onScopeDispose(() => window.removeEventListener('pointerover', pointed))
}
