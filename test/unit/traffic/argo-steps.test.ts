// Where a Rollout can stand by its steps, and where it is going by what is stored.
import { describe, expect, it } from 'vitest'
import type { Rollout, Status, Step } from '../../../activities/traffic/argo-rollouts/rollout.ts'
import {
  headingOf,
  stopFor,
  stopsOf,
  unfit,
  unreachable,
} from '../../../activities/traffic/argo-rollouts/steps.ts'

const STEPS: Step[] = [
  { setCanaryScale: { replicas: 1 } },
  { pause: {} },
  { setWeight: 5 },
  { setHeaderRoute: { name: 'staff' } },
  { pause: {} },
  { setWeight: 100 },
  { pause: {} },
]

function rollout(steps: Step[], status: Status = {}, router: object = {}): Rollout {
  return {
    metadata: { name: 'orders', uid: '1', resourceVersion: '1', generation: 4 },
    spec: { strategy: { canary: { steps, trafficRouting: router as never } } },
    status: { stableRS: 'a', currentPodHash: 'b', observedGeneration: '4', ...status },
  }
}

describe('a Rollout', () => {
  it('can stand at its pauses without an end, each begun with the step that sets its weight', () => {
    expect(stopsOf(rollout(STEPS))).toEqual([
      { at: 1, share: 0, from: 1 },
      { at: 4, share: 5, from: 2 },
      { at: 6, share: 100, from: 5 },
    ])
  })

  it('counts weights in its own parts', () => {
    const fine = rollout([{ setWeight: 5 }, { pause: {} }], {}, { maxTrafficWeight: 1_000 })
    expect(stopsOf(fine)).toEqual([{ at: 1, share: 0.5, from: 0 }])
    expect(stopFor({ old: 99.5, new: 0.5 }, fine)?.at).toBe(1)
  })

  it('is taken for one without a pause where each of them ends by itself', () => {
    const timed = [{ setWeight: 5 }, { pause: { duration: 60 } }]
    expect(unfit(rollout(timed))).toContain('its step 1 pauses for 60')
    expect(unfit(rollout([{ setWeight: 5 }]))).toContain('none of its steps is `pause: {}`')
    expect(unfit(rollout(STEPS))).toBeNull()
  })

  it('can be asked for 0 always, and for nothing between its weights', () => {
    expect(unreachable({ old: 100, new: 0 }, rollout(STEPS))).toBeNull()
    expect(unreachable({ old: 90, new: 10 }, rollout(STEPS))).toContain('at 0, 5, 100 %')
    expect(stopFor({ old: 5, new: 5 }, rollout(STEPS)), 'shares are of all').toBeNull()
  })

  const paused = [{ reason: 'CanaryPauseStep' }]
  it.each<[string, Status, number]>([
    ['it waits', { currentStepIndex: 4, pauseConditions: paused, controllerPause: true }, 5],
    ['it was promoted and nobody has taken it up', { currentStepIndex: 4, controllerPause: true }, 100],
    ['it is on its way', { currentStepIndex: 2 }, 5],
    ['it has come to a pause and does not wait yet', { currentStepIndex: 4, controllerPause: false }, 5],
    ['it is aborted', { currentStepIndex: 4, pauseConditions: paused, abort: true }, 0],
    ['it is promoted fully', { currentStepIndex: 1, pauseConditions: paused, promoteFull: true }, 100],
    ['the last pause is promoted', { currentStepIndex: 6, controllerPause: true }, 100],
  ])('goes where what is stored leads: %s', (_, status, share) => {
    expect(headingOf(rollout(STEPS, status))?.split.new).toBe(share)
  })

  it('goes nowhere when there is no update, or when its controller has not read it', () => {
    expect(headingOf(rollout(STEPS, { currentPodHash: 'a' }))).toBeNull()
    expect(headingOf(rollout(STEPS, { observedGeneration: '3', currentStepIndex: 4 }))).toBeNull()
  })
})
