import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { changePictures, listPictures, type Picture, type PictureChange } from '@/api/pictures'
import { did, didAgain, tookBack } from '@/lib/history'
import { applies, type Change, changeOf, foreseen, inverse, type Wish } from '@/lib/pictures'
import { said } from '@/lib/said'
import { useNotices } from '@/stores/notices'
import { usePictureHistory } from '@/stores/pictures'

interface Kept {
  items: Picture[]
  total: number
}

/** What was shown before something was shown that the server has not said yet. */
interface Foreseen {
  items: Picture[]
  putBack: () => void
}

/**
 * The training pictures of a person, and what is done with them: shown at once, sent one after the other, put back where it was refused.
 * What was done can be taken back, also on another page of the project.
 */
export function usePictures(project: () => string, personId: () => string, nameOf: (personId: string) => string) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const notices = useNotices()
  const histories = usePictureHistory()
  const query = useQuery({
    queryKey: ['images', project, personId],
    queryFn: ({ signal }) => listPictures(project(), personId(), signal),
  })
  const pictures = computed(() => query.data.value?.items ?? [])
  const history = computed(() => histories.of(project()))
  let line: Promise<void> = Promise.resolve()
  let waiting = 0

  /** Act when what was asked for before is done and told: what is taken back next is known only then. */
  function inTurn(act: () => Promise<void>): Promise<void> {
    waiting++
    const turn = line.then(act).finally(() => {
      // While more is on its way, what the server would answer is old already.
      if (--waiting) return
      for (const word of ['images', 'people']) void queries.invalidateQueries({ queryKey: [word] })
    })
    line = turn.catch(() => undefined)
    return turn
  }

  /** Show what will be; returns what was shown before and what shows it again. */
  async function foresee(changes: Change[]): Promise<Foreseen> {
    const queryKey = ['images', project(), personId()]
    await queries.cancelQueries({ queryKey })
    const before = queries.getQueryData<Kept>(queryKey)
    if (before) queries.setQueryData(queryKey, { ...before, items: foreseen(before.items, changes, personId()) })
    return { items: before?.items ?? [], putBack: () => before && queries.setQueryData(queryKey, before) }
  }

  /** Send what is shown already, tell what was refused; returns what takes back the rest. */
  async function send(changes: Change[], { items: before, putBack }: Foreseen): Promise<Change[]> {
    try {
      const { items, refused } = await changePictures(project(), changes as PictureChange[])
      const first = refused[0]
      if (first) notices.warn(t('person.refused', { n: refused.length, why: said(first.detail) }, refused.length))
      return inverse(before, items).concat(unseen(changes, items, before))
    } catch (err) {
      putBack()
      notices.warn(t('person.failed', { why: err instanceof Error ? err.message : String(err) }))
      return []
    }
  }

  /** What takes back changes of pictures that are not shown here: those of somebody else, to whom they went. */
  function unseen(
    changes: Change[],
    items: { sha256: string; person_id: string; state: string }[],
    shown: Picture[],
  ): Change[] {
    const known = new Set(shown.map(({ sha256 }) => sha256))
    return changes.flatMap((change) => {
      const now = items.find(({ sha256 }) => sha256 === change.sha256)
      if (!now || known.has(now.sha256)) return []
      const isSame = now.state === change.expected_state
      return [
        {
          ...change,
          expected_state: now.state,
          expected_person: now.person_id,
          person_id: change.expected_person,
          enabled: null,
          put_back: isSame ? null : { state: change.expected_state, reason: '', state_by: 'human' },
        },
      ]
    })
  }

  /** Do with some pictures what applies to them; those that it changes nothing of are left out. */
  async function wish(ids: readonly string[], wanted: Wish): Promise<void> {
    const meant = pictures.value.filter((one) => ids.includes(one.sha256) && applies(one, wanted))
    if (!meant.length) return notices.tell(t('person.nothing'))
    const changes = meant.map((one) => changeOf(one, wanted))
    const shown = await foresee(changes)
    await inTurn(async () => {
      const said = await send(changes, shown)
      if (!said.length) return
      if (wanted.to === 'person') histories.gave(project(), wanted.personId)
      const label = wordsOf(wanted, said.length)
      histories.keep(project(), did(history.value, { label, said }))
      notices.tell(label, { label: t('decide.undo'), run: () => void undo() })
    })
  }

  function wordsOf(wanted: Wish, n: number): string {
    if (wanted.to === 'person') return t('person.didGive', { n, name: nameOf(wanted.personId) }, n)
    if (wanted.to === 'on') return t('person.didOn', { n }, n)
    return t('person.didOff', { n }, n)
  }

  function undo(): Promise<void> {
    return inTurn(async () => {
      const step = history.value.done.at(-1)
      if (!step) return notices.tell(t('decide.nothingToUndo'))
      await take(step.said, tookBack, t('decide.undid', { what: step.label }))
    })
  }

  function redo(): Promise<void> {
    return inTurn(async () => {
      const step = history.value.undone.at(-1)
      if (!step) return notices.tell(t('decide.nothingToRedo'))
      await take(step.said, didAgain, t('decide.redid', { what: step.label }))
    })
  }

  async function take(said: readonly Change[], how: typeof tookBack, text: string): Promise<void> {
    const changes = [...said]
    const by = await send(changes, await foresee(changes))
    if (!by.length) return
    histories.keep(project(), how(history.value, by))
    notices.tell(text)
  }

  return {
    query,
    pictures,
    total: computed(() => query.data.value?.total ?? 0),
    wish,
    undo,
    redo,
    canUndo: computed(() => history.value.done.length > 0),
    canRedo: computed(() => history.value.undone.length > 0),
  }
}
