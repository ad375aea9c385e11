// How a scenario is written by hand: steps, and faults at moments as they are printed.
import {
  type Act,
  type ChaosStep,
  type Fault,
  type People,
  type Scenario,
  type Shape,
  momentOf,
} from './scenario.ts'

const HABITS: People = {
  approvalAfterMs: 0,
  patienceMs: 1_500,
  drift: 'approve',
  restore: 'put back',
  evidence: 'retry',
}
export const ABORT: Extract<Fault, { kind: 'abort' }> = { kind: 'abort', via: 'update' }
export const HOLD: ChaosStep = { kind: 'hold' }

export function prewarm(factor: number): ChaosStep {
  return { kind: 'prewarm', factor }
}

export function canary(...weights: number[]): ChaosStep {
  return { kind: 'canary', weights }
}

type Made = {
  edge?: Shape['edge']
  steps: ChaosStep[]
  acts: [moment: string, Fault][]
  people?: Partial<People>
}

export function made(name: string, { edge = 'haproxy', steps, acts, people }: Made): Scenario {
  return {
    name,
    seed: 0,
    shape: { edge, zone: 'bind', steps },
    acts: acts.map(([when, what]): Act => ({ when: momentOf(when), what })),
    people: { ...HABITS, ...people },
  }
}
