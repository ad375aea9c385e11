// From state, plan and what the server describes to the one view of a run. Pure.
import { restOf, wayBackOf } from './ahead.ts'
import { presentWeights } from '../workflows/edges.ts'
import { describeReason } from '../workflows/run/reason.ts'
import { declaredIn, suspendedIn } from '../workflows/run/suspended.ts'
import type { Plan } from '../workflows/plan.ts'
import type { Reason, RunState, StateAnswer } from '../workflows/run/state.ts'
import { guardViews } from './guards.ts'
import type { ReasonView, RunView, Stale, StepView } from './model.ts'
import { jobsOf, proofsOf, retriesOf, subjectsOf } from './pending.ts'
import type { PendingActivity } from './pending.ts'

/** What the server says of a run without asking a worker. */
export type Described = {
  workflowId: string
  runId: string
  /** RUNNING, COMPLETED, FAILED, TERMINATED, ... as Temporal names them. */
  status: string
  startedAt: string | null
  endedAt: string | null
  pending: PendingActivity[]
}

export function runView(
  { state: told, plan }: StateAnswer,
  described: Described,
  stale: Stale | null = null,
): RunView {
  const state = asEnded(told, described)
  return {
    service: state.service,
    workflowId: described.workflowId,
    runId: described.runId,
    digest: state.digest,
    outcome: outcomeOf(state, described.status),
    phase: state.phase,
    step: presentStep(plan, state),
    gate: state.gates[0]?.id ?? null,
    weights: presentWeights(plan, state),
    edges: Object.entries(state.weights).map(([connection, weights]) => ({ connection, weights })),
    changes: state.changes.map(({ appliedAt, at, ...change }) => ({ ...change, at: iso(appliedAt ?? at) })),
    guards: guardViews(plan, state, { live: subjectsOf(described.pending), isWhole: stale === null }),
    reason: state.reason === null ? null : reasonView(state.reason),
    laterReasons: state.laterReasons.map(reasonView),
    gates: state.gates.filter((gate) => gate.answer === null).map(gateView),
    steps: stepViews(plan, state, described),
    holding: state.holding && {
      title: state.holding.title,
      until: iso(state.holding.until),
      limit: iso(state.holding.limit),
      waitsFor: state.holding.waitsFor,
    },
    restorations: state.restorations.map(({ at, ...restoration }) => ({ ...restoration, at: iso(at) })),
    remainder: state.remainder,
    suspended: suspendedIn(state).map(({ connection, until }) => ({ connection, until: isoOf(until) })),
    declare: declaredIn(state),
    pointOfNoReturn: state.pointOfNoReturn && {
      step: state.pointOfNoReturn.step,
      why: state.pointOfNoReturn.why,
    },
    wayBack: wayBackOf(plan, state, stale === null),
    rest: restOf(plan, state),
    decisions: state.decisions.map(({ at, ...decision }) => ({ ...decision, at: isoOf(at) })),
    decisionsNotListed: state.forgotten,
    jobs: jobsOf(described.pending),
    paused: state.paused === null ? null : { ...state.paused, at: isoOf(state.paused.at) },
    retrying: retriesOf(described.pending),
    proofs: proofsOf(described.pending),
    startedBy: state.startedBy,
    startedAt: iso(state.startedAt),
    endedAt: iso(state.endedAt) ?? described.endedAt,
    unwindingSince: iso(state.unwindingSince),
    restoredAt: iso(state.restoredAt),
    log: state.log.map(({ at, text }) => ({ at: isoOf(at), text })),
    stale,
  }
}

/** Whether the world is as it was because this run never wrote to it, not because all of it was put back. */
export function changedNothing({ changes }: Pick<RunView, 'changes'>): boolean {
  return changes.every(({ status }) => status === 'noop' || status === 'adopted')
}

/** A run that was ended from outside could not say so itself: nothing is waited for any more. */
function asEnded(state: RunState, { endedAt }: Described): RunState {
  return endedAt === null ? state : { ...state, phase: 'ended', gates: [], holding: null }
}

function outcomeOf(state: RunState, status: string): RunView['outcome'] {
  if (state.outcome !== null) return state.outcome
  if (status === 'TERMINATED' || status === 'TIMED_OUT') return 'terminated'
  if (status === 'FAILED' || status === 'CANCELLED' || status === 'CANCELED') return 'failed'
  return state.phase === 'stuck' ? 'stuck' : null
}

function presentStep(plan: Plan, state: RunState): RunView['step'] {
  const total = plan.steps.length
  const position = Math.min(state.cursor, total - 1)
  const step = plan.steps[position]
  return step === undefined ? null : { index: position + 1, total, id: step.id, title: step.title }
}

function stepViews(plan: Plan, state: RunState, { endedAt }: Described): StepView[] {
  return plan.steps.map((step, position) => {
    const record = state.steps[position]
    return {
      index: position + 1,
      id: step.id,
      kind: step.kind,
      title: step.title,
      status: statusOf(record, state),
      startedAt: iso(record?.startedAt ?? null),
      endedAt: record === undefined || record.startedAt === null ? null : (stepEnd(record, state) ?? endedAt),
      notes: record?.notes ?? [],
    }
  })
}

/** A step that was under way when the run turned back, or was ended from outside, runs no longer. */
function statusOf(record: RunState['steps'][number] | undefined, state: RunState): StepView['status'] {
  if (record === undefined) return 'pending'
  const isOver = state.unwindingSince !== null || state.phase === 'ended'
  return record.status === 'running' && isOver ? 'interrupted' : record.status
}

function stepEnd({ endedAt }: RunState['steps'][number], state: RunState): string | null {
  return iso(endedAt ?? state.unwindingSince ?? state.endedAt)
}

function reasonView(reason: Reason): ReasonView {
  return { kind: reason.kind, text: describeReason(reason), at: isoOf(reason.at) }
}

function gateView(gate: RunState['gates'][number]): RunView['gates'][number] {
  const { id, kind, step, title, waitsFor, quorum, approvals, allows, people, selfApproval, onExpiry } = gate
  return {
    id,
    kind,
    step,
    title,
    waitsFor,
    quorum,
    approvals,
    allows,
    people,
    selfApproval,
    onExpiry,
    openedAt: isoOf(gate.openedAt),
    expires: iso(gate.expires),
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

function iso(ms: number | null): string | null {
  return ms === null ? null : isoOf(ms)
}
