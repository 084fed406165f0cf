/** Which names can be a person's: what src/names.py says, told before anything is sent. */

const FORBIDDEN = /[/\\:*?"<>|]/
const RESERVED = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i
const ESCAPED = /%(?:25)*(?:2e|2f|5c|00|3a)/i
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
const MAX_BYTES = 200

/** Why a name cannot be used: a word of the page's texts. */
export type NameFault = 'empty' | 'character' | 'escaped' | 'reserved' | 'long'

/** The folder that a name becomes, which is also the person's id: `Churchill Winston` is `Churchill_Winston`. */
export function folderName(name: string): string {
  return name.normalize('NFC').split(/\s+/).filter(Boolean).join('_')
}

/** How the name is shown again. */
export function displayName(folder: string): string {
  return folder.normalize('NFC').replaceAll('_', ' ').trim()
}

/** Why a name cannot be a person's; null where it can. */
export function faultOf(name: string): NameFault | null {
  const folder = folderName(name)
  if (!folder) return 'empty'
  if (FORBIDDEN.test(folder) || UNPRINTABLE.test(folder)) return 'character'
  if (ESCAPED.test(folder)) return 'escaped'
  if (folder.startsWith('.') || RESERVED.test(folder)) return 'reserved'
  return new TextEncoder().encode(folder).length > MAX_BYTES ? 'long' : null
}
