// The parts of a state that history alone cannot fill: a run of which nothing is known yet, a gate known by its id. Pure.
import type { Plan } from '../../workflows/plan.ts'
import type { Gate, RunState } from '../../workflows/run/state.ts'

export type Begun = { startedBy: string | null; startedAt: number }

export function blankState(plan: Plan, { startedBy, startedAt }: Begun): RunState {
  return {
    stateVersion: 1,
    service: plan.service,
    digest: plan.digest,
    startedBy: startedBy ?? 'unknown',
    startedAt,
    endedAt: null,
    phase: 'starting',
    outcome: null,
    cursor: 0,
    steps: plan.steps.map(({ id }) => blankStep(id)),
    changes: [],
    restorations: [],
    gates: [],
    holding: null,
    decisions: [],
    deadlines: {},
    reason: null,
    laterReasons: [],
    pointOfNoReturn: null,
    serving: { old: true, new: false },
    weights: null,
    atEnd: [],
    remainder: [],
    log: [],
    published: null,
    unwindingSince: null,
    restoredAt: null,
  }
}

export function blankStep(id: string): RunState['steps'][number] {
  return { id, status: 'pending', startedAt: null, endedAt: null, notes: [], readings: {} }
}

/** What the search attribute tells: an id. Everything else is known to a worker only. */
export function gateKnownById(id: string, base: RunState): Gate {
  const known = base.gates.find((gate) => gate.id === id)
  if (known !== undefined) return known
  return {
    id,
    kind: 'evidence',
    step: '',
    title: 'waits for a person',
    waitsFor: 'what exactly is asked, and of whom, a worker knows',
    openedAt: base.startedAt,
    until: null,
    expires: null,
    onExpiry: null,
    people: 'anyone',
    quorum: 1,
    selfApproval: true,
    approvals: [],
    allows: ['approve', 'abort'],
    answer: null,
  }
}
