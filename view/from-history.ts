// A view of a run from the server's history alone, for when no worker answers: less, older, and says so. Pure.
import type { Applied, ApplyInput, RestoreInput } from '../workflows/activities.ts'
import { sameJson } from '../workflows/json.ts'
import { edgesOf, presentEdge } from '../workflows/edges.ts'
import type { Plan } from '../workflows/plan.ts'
import { retuned, retuningOf } from '../workflows/run/retuning.ts'
import type { Change, Limits, LogLine, Phase, Reason, Restoration, RunState } from '../workflows/run/state.ts'
import { whyIrreversible } from '../workflows/steps/kind-of.ts'
import type { Happening } from './happening.ts'
import { PHASES } from './phases.ts'
import { cursorOf, stepsUpTo } from './steps-from-history.ts'
import { blankState, gateKnownById } from './blank-state.ts'

/** What the run itself last told the server. */
export type Published = {
  phase: string | null
  gate: string | null
  weight: number | null
  outcome: string | null
  startedBy: string | null
  startedAt: number
  endedAt: number | null
}

export type Recorded = { plan: Plan; carried: RunState | null; published: Published; happenings: Happening[] }

const OUTCOMES: readonly string[] = ['completed', 'restored', 'completed-with-remainder']

/** The state as far as history and search attributes tell it. */
export function stateFromHistory({ plan, carried, published, happenings }: Recorded): RunState {
  const base = carried ?? blankState(plan, published)
  const cursor = Math.max(base.cursor, ...happenings.map(cursorOf))
  const result = resultOf(happenings)
  const openGate = (id: string) => ({
    ...gateKnownById(id, base, plan),
    approvals: approvalsOf(id, happenings),
  })
  const outcome =
    result?.outcome ??
    (OUTCOMES.includes(published.outcome ?? '') ? (published.outcome as RunState['outcome']) : base.outcome)
  const reason = result?.reason ?? base.reason ?? abortOf(happenings, published)
  const remainder = result?.remainder ?? base.remainder
  const changes = changesOf(base.changes, plan, happenings)
  return {
    ...base,
    cursor: outcome === 'completed' ? plan.steps.length : cursor,
    phase: phaseOf(published, base),
    outcome,
    endedAt: published.endedAt,
    weights: weightsOf(plan, { weights: base.weights, cursor, changes }, published),
    gates: published.gate === null ? [] : [openGate(published.gate)],
    limits: limitsOf(base.limits, happenings),
    holding: null,
    reason,
    remainder,
    steps: stepsUpTo(plan, base, { cursor, happenings, outcome, reason }),
    changes,
    pointOfNoReturn: base.pointOfNoReturn ?? pointOfNoReturnOf(plan, changes),
    restorations: restorationsOf(base.restorations, happenings).map((each) =>
      asEnded(each, outcome, remainder),
    ),
    unwindingSince: base.unwindingSince ?? turnedBackAt(happenings),
    log: [...base.log, ...happenings.flatMap(lineOf)].sort((a, b) => a.at - b.at),
  }
}

/** The server knows the share of one edge, that of the present step; of the others only what an earlier history has left. */
function weightsOf(
  plan: Plan,
  { weights, cursor, changes }: Pick<RunState, 'weights' | 'cursor' | 'changes'>,
  { weight }: Published,
): RunState['weights'] {
  if (weight === null) return weights
  const edges = edgesOf(plan).map(({ name }) => name)
  const touched = changes.map(({ connection }) => connection).filter((name) => edges.includes(name))
  const known = { ...Object.fromEntries(touched.map((edge) => [edge, null])), ...weights }
  const edge = presentEdge(plan, { cursor, weights: known }) ?? edges[0]
  return edge === undefined ? known : { ...known, [edge]: { old: 100 - weight, new: weight } }
}

/** Updates are in the history only when the run took them; what became of a signal only a worker knows. */
function approvalsOf(gate: string, happenings: Happening[]): string[] {
  return happenings.flatMap((happening) => {
    if (happening.what !== 'message' || happening.how !== 'update') return []
    const said = (happening.said ?? {}) as { verdict?: string; gate?: string; actor?: string }
    return said.verdict === 'approve' && said.gate === gate && said.actor !== undefined ? [said.actor] : []
  })
}

/** As people have changed them, by updates that the run took. */
function limitsOf(limits: Limits, happenings: Happening[]): Limits {
  return happenings.reduce((known, happening) => {
    if (happening.what !== 'message' || happening.how !== 'update') return known
    const said = (happening.said ?? {}) as { verdict?: string; value?: string }
    const meant = said.verdict === 'retune' ? retuningOf(said.value) : null
    return meant === null ? known : retuned(known, meant)
  }, limits)
}

type Result = Pick<RunState, 'outcome' | 'reason' | 'remainder'>

/** What a run that has ended gave back. */
function resultOf(happenings: Happening[]): Partial<Result> | null {
  const end = happenings.findLast((happening) => happening.what === 'closed')
  return end?.what === 'closed' ? (end.result as Partial<Result> | null) : null
}

function phaseOf(published: Published, base: RunState): Phase {
  if (published.endedAt !== null) return 'ended'
  return PHASES.includes(published.phase ?? '') ? (published.phase as Phase) : base.phase
}

/** An abort that the run took: it is going back, and nobody else has said so. */
function abortOf(happenings: Happening[], { phase, outcome }: Published): Reason | null {
  if (phase !== 'unwinding' && outcome !== 'restored') return null
  for (const happening of happenings) {
    if (happening.what === 'cancel' && happening.processed) {
      const said = { actor: 'workflow cancel', reason: 'cancelled through Temporal' }
      return { kind: 'abort', ...said, via: 'cancel', at: happening.at }
    }
    if (happening.what !== 'message' || !happening.processed) continue
    const said = (happening.said ?? {}) as { verdict?: string; actor?: string; reason?: string }
    if (happening.name !== 'abort' && said.verdict !== 'abort') continue
    return {
      kind: 'abort',
      actor: said.actor ?? 'someone',
      reason: said.reason ?? '',
      via: happening.how === 'signal' ? 'signal' : 'decision',
      at: happening.at,
    }
  }
  return null
}

/** The first call of the way back. */
function turnedBackAt(happenings: Happening[]): number | null {
  return happenings.find((each) => each.what === 'activity' && each.type === 'restore')?.at ?? null
}

/** A step that cannot be undone has begun to write. */
function pointOfNoReturnOf(plan: Plan, changes: Change[]): RunState['pointOfNoReturn'] {
  for (const step of plan.steps) {
    const first = changes.find((change) => change.step === step.id)
    const why = first === undefined ? null : whyIrreversible(step, null)
    if (first !== undefined && why !== null) return { step: step.id, why, at: first.at }
  }
  return null
}

/** Nothing is being restored in a run that has ended. */
function asEnded(
  restoration: Restoration,
  outcome: RunState['outcome'],
  remainder: RunState['remainder'],
): Restoration {
  if (outcome === null) return restoration
  const isLeft = remainder.some(
    (each) => each.connection === restoration.connection && each.target === restoration.target,
  )
  return { ...restoration, status: isLeft ? 'left' : 'restored' }
}

function changesOf(earlier: Change[], plan: Plan, happenings: Happening[]): Change[] {
  const changes = [...earlier]
  for (const happening of happenings) {
    if (happening.what !== 'activity' || happening.type !== 'apply') continue
    const input = happening.input as ApplyInput
    const applied = happening.end?.ok === true ? (happening.end.result as Applied) : null
    const known = changes.findIndex(
      (change) =>
        change.target === input.target &&
        change.connection === input.connection.name &&
        sameJson(change.desired, input.desired),
    )
    const change: Change = {
      number: changes.length + 1,
      step: plan.steps[cursorOf(happening)]?.id ?? '',
      connection: input.connection.name,
      target: input.target,
      before: input.expected,
      desired: input.desired,
      status: applied === null ? 'unknown' : applied.written === 'written' ? 'applied' : 'noop',
      verified: applied?.readBack === 'match',
      at: happening.at,
      retried: (applied?.tries ?? 1) > 1,
      appliedAt: happening.end?.at ?? null,
    }
    const same = changes[known]
    if (same === undefined) changes.push(change)
    else changes[known] = { ...change, number: same.number, step: same.step, before: same.before }
  }
  return changes
}

function restorationsOf(earlier: Restoration[], happenings: Happening[]): Restoration[] {
  const found = new Map(earlier.map((each) => [`${each.connection} ${each.target}`, each]))
  for (const happening of happenings) {
    if (happening.what !== 'activity' || happening.type !== 'restore') continue
    const { connection, target, before } = happening.input as RestoreInput
    found.set(`${connection.name} ${target}`, {
      connection: connection.name,
      target,
      before,
      status: happening.end?.ok === true ? 'restored' : 'restoring',
      note: happening.end?.problem ?? null,
      at: happening.end?.at ?? null,
      settled: false, // only the run itself knows
    })
  }
  return [...found.values()]
}

function lineOf(happening: Happening): LogLine[] {
  switch (happening.what) {
    case 'activity': {
      const name = happening.summary ?? happening.type
      const begin = { at: happening.at, text: name }
      if (happening.end === null || happening.end.ok) return [begin]
      return [begin, { at: happening.end.at, text: `${name}: ${happening.end.problem ?? 'failed'}` }]
    }
    case 'timer':
      return happening.summary === null ? [] : [{ at: happening.at, text: happening.summary }]
    case 'message':
      return [{ at: happening.at, text: messageText(happening) }]
    case 'cancel':
      return [
        { at: happening.at, text: `cancel asked for${happening.processed ? '' : '; waits for a worker'}` },
      ]
    case 'closed':
      return [{ at: happening.at, text: `the run ${happening.how}` }]
    default:
      return happening satisfies never
  }
}

function messageText({ name, how, said, processed }: Extract<Happening, { what: 'message' }>): string {
  const { actor, reason, gate, verdict } = (said ?? {}) as { [key: string]: string | null | undefined }
  const words = [
    verdict ?? name,
    ...(gate ? [gate] : []),
    ...(actor ? [`by ${actor}`] : []),
    ...(reason ? [`(${reason})`] : []),
  ]
  return `${how}: ${words.join(' ')}${processed ? '' : '; waits for a worker'}`
}
