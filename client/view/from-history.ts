// A view of a run from the server's history alone, for when no worker answers: less, older, and says so. Pure.
import type { Applied, ApplyInput, RestoreInput } from '../../workflows/activities.ts'
import { sameJson } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Change, LogLine, Phase, Restoration, RunState } from '../../workflows/run/state.ts'

import { blankState, gateKnownById } from './blank-state.ts'

/** One event of the history that people may care about, decoded. */
export type Happening =
  | {
      what: 'activity'
      at: number
      type: string
      summary: string | null
      input: unknown
      end: ActivityEnd | null
    }
  | { what: 'timer'; at: number; summary: string | null }
  | { what: 'message'; at: number; how: 'signal' | 'update'; name: string; said: unknown; processed: boolean }
  | { what: 'cancel'; at: number; processed: boolean }
  | { what: 'closed'; at: number; how: string; result: unknown }

export type ActivityEnd = { at: number; ok: boolean; result: unknown; problem: string | null }

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

const PHASES: readonly string[] = [
  'starting',
  'running',
  'holding',
  'waiting',
  'unwinding',
  'stuck',
  'completing',
  'ended',
] satisfies Phase[]
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
  return {
    ...base,
    cursor: outcome === 'completed' ? plan.steps.length : cursor,
    phase: phaseOf(published, base),
    outcome,
    endedAt: published.endedAt,
    weights:
      published.weight === null ? base.weights : { old: 100 - published.weight, new: published.weight },
    gates: published.gate === null ? [] : [openGate(published.gate)],
    holding: null,
    reason: result?.reason ?? base.reason,
    remainder: result?.remainder ?? base.remainder,
    steps: stepsUpTo(plan, base, { cursor, happenings, completed: outcome === 'completed' }),
    changes: changesOf(base.changes, plan, happenings),
    restorations: restorationsOf(base.restorations, happenings),
    log: [...base.log, ...happenings.flatMap(lineOf)].sort((a, b) => a.at - b.at),
  }
}

/** Updates are in the history only when the run took them; what became of a signal only a worker knows. */
function approvalsOf(gate: string, happenings: Happening[]): string[] {
  return happenings.flatMap((happening) => {
    if (happening.what !== 'message' || happening.how !== 'update') return []
    const said = (happening.said ?? {}) as { verdict?: string; gate?: string; actor?: string }
    return said.verdict === 'approve' && said.gate === gate && said.actor !== undefined ? [said.actor] : []
  })
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

/** `[4/9] canary` -> 3. Activities and timers name their step that way. */
function cursorOf(happening: Happening): number {
  if (happening.what !== 'activity' && happening.what !== 'timer') return 0
  const match = /^\[(\d+)\/\d+\]/.exec(happening.summary ?? '')
  return match === null ? 0 : Number(match[1]) - 1
}

type Progress = { cursor: number; happenings: Happening[]; completed: boolean }

function stepsUpTo(
  plan: Plan,
  base: RunState,
  { cursor, happenings, completed }: Progress,
): RunState['steps'] {
  return plan.steps.map((step, index) => {
    const known = base.steps[index]
    if (known !== undefined && known.status !== 'pending' && index < base.cursor) return known
    const started =
      happenings.find((each) => summaryOf(each).startsWith('[') && cursorOf(each) === index)?.at ?? null
    const next = happenings.find((each) => cursorOf(each) > index)?.at ?? null
    const status = completed || index < cursor ? 'done' : index === cursor ? 'running' : 'pending'
    return {
      id: step.id,
      status,
      startedAt: started,
      endedAt: status === 'done' ? next : null,
      notes: [],
      readings: {},
    }
  })
}

function summaryOf(happening: Happening): string {
  return happening.what === 'activity' || happening.what === 'timer' ? (happening.summary ?? '') : ''
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
