/** Hide a picture that cannot be loaded: its place stays. For the event `error` of an image. */
export function hidden(event: Event): void {
  ;(event.target as HTMLElement).style.visibility = 'hidden'
}
