/** A text without accents and capitals: whoever types `celik` means Çelik, and `actualites` finds `Actualités`. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
}
