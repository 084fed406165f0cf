import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { changePictures, listPictures, type Picture, type PictureChange } from '@/api/pictures'
import { did, didAgain, tookBack } from '@/lib/history'
import { applies, type Change, changeOf, foreseen, inverse, type Wish } from '@/lib/pictures'
import { useNotices } from '@/stores/notices'
import { usePictureHistory } from '@/stores/pictures'

interface Kept {
  items: Picture[]
  total: number
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
  let line: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    waiting++
    const turn = line.then(work, work).finally(() => waiting--)
    line = turn.catch(() => undefined)
    return turn
  }

  /** Show what will be, send it, tell what was refused; returns what takes back the rest. */
  async function attempt(changes: Change[]): Promise<Change[]> {
    const queryKey = ['images', project(), personId()]
    await queries.cancelQueries({ queryKey })
    const before = queries.getQueryData<Kept>(queryKey)
    if (before) queries.setQueryData(queryKey, { ...before, items: foreseen(before.items, changes, personId()) })
    try {
      const { items, refused } = await inTurn(() => changePictures(project(), changes as PictureChange[]))
      const first = refused[0]
      if (first) notices.warn(t('person.refused', { n: refused.length, why: first.detail }, refused.length))
      return inverse(before?.items ?? [], items).concat(unseen(changes, items, before?.items ?? []))
    } catch (err) {
      if (before) queries.setQueryData(queryKey, before)
      notices.warn(t('person.failed', { why: err instanceof Error ? err.message : String(err) }))
      return []
    } finally {
      // While more is on its way, what the server would answer is old already.
      if (waiting === 0) {
        for (const word of ['images', 'people']) void queries.invalidateQueries({ queryKey: [word] })
      }
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
    const said = await attempt(meant.map((one) => changeOf(one, wanted)))
    if (!said.length) return
    if (wanted.to === 'person') histories.gave(project(), wanted.personId)
    const label = wordsOf(wanted, said.length)
    histories.keep(project(), did(history.value, { label, said }))
    notices.tell(label, { label: t('decide.undo'), run: () => void undo() })
  }

  function wordsOf(wanted: Wish, n: number): string {
    if (wanted.to === 'person') return t('person.didGive', { n, name: nameOf(wanted.personId) }, n)
    if (wanted.to === 'on') return t('person.didOn', { n }, n)
    return t('person.didOff', { n }, n)
  }

  async function undo(): Promise<void> {
    const step = history.value.done.at(-1)
    if (!step) return notices.tell(t('decide.nothingToUndo'))
    const back = await attempt([...step.said])
    if (back.length) took(back, tookBack, t('decide.undid', { what: step.label }))
  }

  async function redo(): Promise<void> {
    const step = history.value.undone.at(-1)
    if (!step) return notices.tell(t('decide.nothingToRedo'))
    const back = await attempt([...step.said])
    if (back.length) took(back, didAgain, t('decide.redid', { what: step.label }))
  }

  function took(by: Change[], how: typeof tookBack, text: string): void {
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
