// The parts of a state that history alone cannot fill: a run of which nothing is known yet, a gate known by its id. Pure.
import type { Plan } from '../workflows/plan.ts'
import { deciders } from '../workflows/people.ts'
import { firstState } from '../workflows/run/first-state.ts'
import { kindOf } from '../workflows/steps/kind-of.ts'
import type { Gate, GateKind, RunState, Verb } from '../workflows/run/state.ts'

export type Beginning = { startedBy: string | null; startedAt: number }

export function blankState(plan: Plan, { startedBy, startedAt }: Beginning): RunState {
  return { ...firstState(plan, { startedBy: startedBy ?? 'unknown', startedAt }), log: [] } // its log is made of what happened
}

/**
 * What the search attribute tells is an id. The plan knows the rest of an approval; of the other gates the id says what is
 * asked and which verbs are taken, and a worker the rest.
 */
export function gateKnownById(id: string, base: RunState, plan: Plan): Gate {
  const known = base.gates.find((gate) => gate.id === id)
  if (known !== undefined) return known
  const question = QUESTIONS.find(({ form }) => form.test(id))
  const gate: Gate = {
    id,
    kind: question?.kind ?? 'failure',
    step: plan.steps.find((step) => id === step.id || id.startsWith(`${step.id}/`))?.id ?? '',
    title: question?.title ?? 'asks a person',
    waitsFor: 'a person; the details are not known without a worker',
    openedAt: base.startedAt,
    until: null,
    expires: null,
    onExpiry: null,
    people: 'anyone',
    quorum: 1,
    selfApproval: true,
    approvals: [],
    allows: question?.allows ?? [],
    answer: null,
  }
  return { ...gate, ...approvalOf(id, plan) }
}

/** Ids of the engine's questions, with what each takes. A question that is asked again has `~2` behind its id. */
const QUESTIONS: { form: RegExp; kind: GateKind; title: string; allows: Verb[] }[] = [
  { form: /^restore\//, kind: 'restore', title: 'a target could not be restored', allows: ['retry', 'skip'] },
  { form: /\/evidence(~|$)/, kind: 'evidence', title: 'evidence is missing', allows: ['approve', 'retry'] },
  {
    form: /\/proof-\d/,
    kind: 'evidence',
    title: 'a proof did not come in time',
    allows: ['retry', 'approve'],
  },
  {
    form: /\/(drift|found)(\/|~|$)/,
    kind: 'drift',
    title: 'someone else changed a target',
    allows: ['retry', 'approve'],
  },
  { form: /\/fail(ed|ure)(~|$)/, kind: 'failure', title: 'a step failed', allows: ['retry', 'skip'] },
  {
    form: /\/breach(~|$)/,
    kind: 'failure',
    title: 'a guard breached past the point of no return',
    allows: ['retry'],
  },
]

/** Approvals are named like their step, and the plan says who may give them: also for a step that asks among other things. */
function approvalOf(id: string, plan: Plan): Partial<Gate> | null {
  const step = plan.steps.find((each) => id === each.id || id.startsWith(`${each.id}~`))
  const asked = step === undefined ? undefined : kindOf(step).asks?.(step.spec)
  if (step === undefined || asked === undefined) return null
  const { people, quorum, selfApproval } = asked
  return {
    kind: 'approval',
    title: step.title,
    waitsFor: deciders({ people, quorum, self_approval: selfApproval }),
    people,
    quorum,
    selfApproval,
    allows: ['approve'],
  }
}
