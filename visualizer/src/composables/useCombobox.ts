import { computed, nextTick, type Ref, ref, useId } from 'vue'

/** A line that is typed into, with choices below it that arrow keys walk over. */
export interface Combobox {
  isOpen: Ref<boolean>
  /** Whether the list is to be seen. */
  isListed: Ref<boolean>
  /** The choice that Enter takes; -1 for none of them. */
  at: Ref<number>
  /** Show the choices, with the first place they begin at. */
  open: () => void
  /** Go on by one, round and round; opens the list where it is closed. */
  step: (by: 1 | -1) => void
  /** What the input, the list and each choice say of themselves, to be bound. */
  input: Ref<Record<string, string | boolean | undefined>>
  list: { id: string; role: string }
  option: (place: number) => { id: string; role: string; 'aria-selected': boolean }
}

/**
 * @param n How many choices there are now.
 * @param isListed Whether the list is to be seen; where nothing is said, whenever it is open.
 * @param first Where arrow keys begin: -1 where what was typed counts until a choice is gone to.
 */
export function useCombobox({
  n,
  isListed: isSeen,
  first = 0,
}: {
  n: () => number
  isListed?: (isOpen: boolean) => boolean
  first?: 0 | -1
}): Combobox {
  const id = useId()
  const isOpen = ref(false)
  const at = ref<number>(first)
  const isListed = computed(() => isSeen?.(isOpen.value) ?? isOpen.value)
  const optionId = (place: number): string => `${id}-${place}`

  function open(): void {
    isOpen.value = true
    at.value = first
  }

  function step(by: 1 | -1): void {
    if (!isOpen.value) return open()
    const places = Math.max(n() - first, 1)
    at.value = ((at.value - first + by + places) % places) + first
    void nextTick(() => document.getElementById(optionId(at.value))?.scrollIntoView({ block: 'nearest' }))
  }

  const input = computed(() => ({
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-autocomplete': 'list',
    'aria-expanded': isListed.value,
    'aria-controls': `${id}-list`,
    'aria-activedescendant': isListed.value && at.value >= 0 && at.value < n() ? optionId(at.value) : undefined,
  }))

  return {
    isOpen,
    isListed,
    at,
    open,
    step,
    input,
    list: { id: `${id}-list`, role: 'listbox' },
    option: (place) => ({ id: optionId(place), role: 'option', 'aria-selected': place === at.value }),
  }
}
