import { isDone, nextStep } from './steps'

const held = (training: number, models: number, videos: number) => ({ training, models, videos })

describe('the steps of a project', () => {
  it('are people, a model, and videos', () => {
    expect(nextStep(held(0, 0, 0))).toBe('people')
    expect(nextStep(held(12, 0, 0))).toBe('model')
    expect(nextStep(held(12, 1, 0))).toBe('videos')
    expect(nextStep(held(12, 1, 3))).toBeNull()
  })

  it('may be done in another order', () => {
    expect(nextStep(held(0, 0, 3))).toBe('people')
    expect(isDone('videos', held(0, 0, 3))).toBe(true)
  })

  it('are only those that a page needs', () => {
    expect(nextStep(held(0, 0, 3), ['videos'])).toBeNull()
    expect(nextStep(held(0, 0, 3), ['videos', 'model'])).toBe('model')
  })
})
