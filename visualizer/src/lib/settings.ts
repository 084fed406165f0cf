/** Settings as the page lists them: by section, searched, and those that are not as usual. */

export interface SettingLike {
  name: string
  value: unknown
  default: unknown
  meaning: string
}

export interface Section<T> {
  /** `general` for settings that stand in none. */
  name: string
  settings: T[]
  /** How many of them are not as usual. */
  changed: number
}

/** A value as it is written in a file of settings. */
export function shownValue(value: unknown): string {
  const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
  return text === '' ? '–' : text
}

/** Settings by section, in the order of the first of each: those whose name or meaning holds all words of a text. */
export function sections<T extends SettingLike>(
  settings: T[],
  { text, changedOnly, meaning }: { text: string | null; changedOnly: boolean; meaning: (setting: T) => string },
): Section<T>[] {
  const words = (text ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const isMeant = (setting: T): boolean => {
    const said = `${setting.name} ${meaning(setting)}`.toLocaleLowerCase()
    return words.every((word) => said.includes(word)) && (!changedOnly || isChanged(setting))
  }
  const found = new Map<string, T[]>()
  for (const setting of settings.filter(isMeant)) {
    const name = setting.name.includes('.') ? setting.name.split('.')[0]! : 'general'
    found.set(name, [...(found.get(name) ?? []), setting])
  }
  return [...found].map(([name, own]) => ({ name, settings: own, changed: own.filter(isChanged).length }))
}

function isChanged({ value, default: usual }: SettingLike): boolean {
  return shownValue(value) !== shownValue(usual)
}
