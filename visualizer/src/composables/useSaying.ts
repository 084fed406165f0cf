import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { decideAll } from '@/api/review'
import { did, didAgain, tookBack } from '@/lib/history'
import { useDecisionHistory } from '@/stores/decisions'
import { useNotices } from '@/stores/notices'

export interface SayingOptions {
  project: () => string
  /** Asks the server anew for what is shown; called when nothing more is waiting to be said. */
  renew: () => Promise<unknown>
  /** Is told of what a step was said (`Told.of`), when it is taken back or holds again: there somebody will look now. */
  went?: (of: string) => void
}

/** What was said: the decisions that can be taken back, and words for all of them. */
export interface Told {
  said: string[]
  label: string
  /** What it was said of. */
  of?: string
}

/**
 * Sends what people say, one thing after the other in the order in which it was said, for the second may rest on the first. What
 * was said can be taken back and said again; what was refused is told, after `putBack` has shown again what was before.
 */
export function useSaying({ project, renew, went = () => undefined }: SayingOptions) {
  const histories = useDecisionHistory()
  const notices = useNotices()
  const { t } = useI18n()
  const waiting = ref(0)
  const history = computed(() => histories.of(project()))
  let line: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    waiting.value++
    const turn = line.then(work, work).finally(() => waiting.value--)
    line = turn.catch(() => undefined)
    return turn
  }

  /**
   * Do something in its turn; says whether it was done.
   *
   * @param again Does it once more, where it failed and somebody asks for that by the button of the notice.
   */
  async function attempt(
    work: () => Promise<unknown>,
    putBack: () => void,
    again?: () => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await inTurn(async () => {
        await work()
        // While more is to be said, what the server would answer is old already.
        if (waiting.value <= 1) await renew()
      })
      return true
    } catch (err) {
      putBack()
      const why = err instanceof Error ? err.message : String(err)
      notices.warn(t('decide.failed', { why }), again && { label: t('state.again'), run: () => void again() })
      return false
    }
  }

  /** Keep what was said, so that it can be taken back. */
  function keep(step: Told): void {
    if (step.said.length) histories.keep(project(), did(history.value, step))
  }

  /** Keep it and tell it. `taken` is what to do where somebody takes it back by the button of the notice. */
  function told(what: Told, taken: () => void = () => void undo()): void {
    keep(what)
    notices.tell(what.label, { label: t('decide.undo'), run: taken })
  }

  /**
   * Take the last step back. Which one that is shows when its turn has come: what was said just before may be under way still.
   *
   * @param putBack Shows again what was, where it is refused.
   * @param isWanted Says in that moment whether there is still something to take back.
   * @param again Takes it back once more, where that failed.
   */
  function undo(
    putBack: () => void = () => undefined,
    isWanted: () => boolean = () => true,
    again?: () => Promise<unknown>,
  ): Promise<boolean> {
    return attempt(
      async () => {
        const step = history.value.done.at(-1)
        if (!isWanted()) return
        if (!step) return notices.tell(t('decide.nothingToUndo'))
        histories.keep(project(), tookBack(history.value, await takeAll(step.said)))
        notices.tell(t('decide.undid', { what: step.label }))
        if (step.of !== undefined) went(step.of)
      },
      putBack,
      again,
    )
  }

  function redo(putBack: () => void = () => undefined, again?: () => Promise<unknown>): Promise<boolean> {
    return attempt(
      async () => {
        const step = history.value.undone.at(-1)
        if (!step) return notices.tell(t('decide.nothingToRedo'))
        histories.keep(project(), didAgain(history.value, await takeAll(step.said)))
        notices.tell(t('decide.redid', { what: step.label }))
        if (step.of !== undefined) went(step.of)
      },
      putBack,
      again,
    )
  }

  /** Take back all of a step, the last first. What says so can be taken back as well: that is how a thing is said again. */
  async function takeAll(ids: readonly string[]): Promise<string[]> {
    const said = [...ids]
      .reverse()
      .map((decision_id) => ({ verb: 'undo' as const, target: { kind: 'decision' as const, decision_id } }))
    const reports = await decideAll(project(), said)
    return reports.flatMap((report) => report.decisions.map((one) => one.decision_id))
  }

  return {
    attempt,
    keep,
    told,
    undo,
    redo,
    canUndo: computed(() => history.value.done.length > 0),
    canRedo: computed(() => history.value.undone.length > 0),
    isSaving: computed(() => waiting.value > 0),
  }
}
