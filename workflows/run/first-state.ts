// The state of a run of which nothing has happened yet: where the engine begins, and where the CLI begins when it has
// only the server's history. Pure.
import { edgesOf } from '../edges.ts'
import type { Plan } from '../plan.ts'
import { servedBy } from '../served-sides.ts'
import { plannedLimits } from './retuning.ts'
import type { RunState } from './state.ts'

export function firstState(
  plan: Plan,
  { startedBy, startedAt }: Pick<RunState, 'startedBy' | 'startedAt'>,
): RunState {
  return {
    stateVersion: 1,
    service: plan.service,
    digest: plan.digest,
    startedBy,
    startedAt,
    endedAt: null,
    phase: 'starting',
    outcome: null,
    cursor: 0,
    steps: plan.steps.map(({ id }) => firstRecord(id)),
    changes: [],
    restorations: [],
    undos: [],
    gates: [],
    asked: {},
    holding: null,
    decisions: [],
    forgotten: 0,
    sums: {},
    done: {},
    deadlines: {},
    waits: {},
    proofs: {},
    memories: {},
    limits: plannedLimits(plan),
    adjustments: 0,
    paused: null,
    reason: null,
    laterReasons: [],
    pointOfNoReturn: null,
    serving: servedBy([], edgesOf(plan)),
    weights: {},
    atEnd: [],
    remainder: [],
    log: [{ at: startedAt, text: `started by ${startedBy}` }],
    published: null,
    unwindingSince: null,
    restoredAt: null,
  }
}

export function firstRecord(id: string): RunState['steps'][number] {
  return { id, status: 'pending', startedAt: null, endedAt: null, notes: [], readings: {} }
}
