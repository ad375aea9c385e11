// The parts of a state that history alone cannot fill: a run of which nothing is known yet, a gate known by its id. Pure.
import type { Plan } from '../../workflows/plan.ts'
import { firstState } from '../../workflows/run/first-state.ts'
import type { Gate, RunState } from '../../workflows/run/state.ts'

export type Begun = { startedBy: string | null; startedAt: number }

export function blankState(plan: Plan, { startedBy, startedAt }: Begun): RunState {
  return { ...firstState(plan, { startedBy: startedBy ?? 'unknown', startedAt }), log: [] } // its log is made of what happened
}

/** What the search attribute tells is an id. The plan knows the rest of an approval; of other gates only a worker does. */
export function gateKnownById(id: string, base: RunState, plan: Plan): Gate {
  const known = base.gates.find((gate) => gate.id === id)
  if (known !== undefined) return known
  const step = plan.steps.find((each) => each.id === id)
  const asked = step?.kind === 'approve' ? step.spec : null
  const people = asked?.people ?? 'anyone'
  return {
    id,
    kind: asked === null ? 'evidence' : 'approval',
    step: step?.id ?? '',
    title: asked === null ? 'waits for a person' : (step?.title ?? id),
    waitsFor: asked === null ? 'what exactly is asked a worker knows' : 'people',
    openedAt: base.startedAt,
    until: null,
    expires: null,
    onExpiry: null,
    people,
    quorum: asked?.quorum ?? 1,
    selfApproval: asked?.self_approval ?? true,
    approvals: [],
    allows: asked === null ? ['approve', 'retry', 'skip'] : ['approve'],
    answer: null,
  }
}
