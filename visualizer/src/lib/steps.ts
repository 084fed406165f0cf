/** What a project needs before there is something to see, in the order in which it is usually given. */

export const STEPS = ['people', 'model', 'videos'] as const
export type Step = (typeof STEPS)[number]

/** What is needed of a summary of a project. */
export interface Held {
  training: number
  models: number
  videos: number
}

/** Whether a step is done; people are where pictures of them can be learned from. */
export function isDone(step: Step, held: Held): boolean {
  return { people: held.training, model: held.models, videos: held.videos }[step] > 0
}

/** The first of some steps that is not done yet. */
export function nextStep(held: Held, steps: readonly Step[] = STEPS): Step | null {
  return steps.find((step) => !isDone(step, held)) ?? null
}

/** The page where a step is done. */
export const PAGE_OF: Readonly<Record<Step, 'people' | 'project' | 'videos'>> = {
  people: 'people',
  model: 'project',
  videos: 'videos',
}
