// What people and scripts see of a run: one plain, JSON-safe view that status, watch, report and `-o json` share.
// Types only. Times are ISO 8601 texts, because scripts read them.
import type { Weights } from '../workflows/ports/port.ts'
import type { Declaration } from '../workflows/ports/target.ts'
import type { Verdict } from '../workflows/activities.ts'
import type {
  Change,
  Gate,
  Outcome,
  Phase,
  RecordedDecision,
  Restoration,
  StepRecord,
} from '../workflows/run/state.ts'

export type ChangeView = Omit<Change, 'at' | 'appliedAt' | 'approved'> & { at: string | null }

export type GuardView = {
  name: string
  kind: 'guard' | 'journey' | 'proof' | 'in-flight' | 'preflight'
  side: string | null
  /** The edge whose users it judges; null = all. */
  of: string | null
  /** What is asked of the metrics backend, for its side; null: it is no guard. */
  query: string | null
  verdict: Verdict | null
  value: number | null
  limit: string | null
  samples: number | null
  /** For people: value against threshold, or why it is unknown. Null: not looked at yet. */
  text: string | null
  at: string | null
  badInRow: number
  goodInRow: number
  /** So many good checks in a row open the gate of the present step; null: it waits for none. */
  goodAt: number | null
  /** How much of its limit the reading takes up: 1 = all of it, more = bad. Null: no reading, or no limit that has a share. */
  nearness: number | null
  /** So many bad checks in a row are a breach. */
  breachAt: number | null
  dryRun: boolean
}

export type StepView = {
  index: number
  id: string
  kind: string
  title: string
  /** `interrupted`: was under way when the run turned back or was ended from outside. */
  status: StepRecord['status'] | 'interrupted'
  startedAt: string | null
  endedAt: string | null
  notes: string[]
}

export type ReasonView = { kind: string; text: string; at: string }

export type GateView = Pick<
  Gate,
  | 'id'
  | 'kind'
  | 'step'
  | 'title'
  | 'waitsFor'
  | 'quorum'
  | 'approvals'
  | 'allows'
  | 'people'
  | 'selfApproval'
> & {
  openedAt: string
  expires: string | null
  onExpiry: Gate['onExpiry']
}

/** A call to the outside world that is being tried again. */
export type RetryView = { call: string; attempt: number; problem: string | null; nextAt: string | null }

/** An effect that is looked for and does not show yet: what the last look found. */
export type ProofView = { attempt: number; text: string; nextAt: string | null }

/** Long work under way. `text`: done, total, rate and what is left, in words. */
export type JobView = {
  title: string
  text: string
  done: number
  total: number | null
  waiting: string | null
}

/** Why part of a view is old or missing; null where a worker answered. */
export type Stale = { why: string; lastEventAt: string | null }

/** `longestMs` null: until a person decides. */
export type Duration = { shortestMs: number; longestMs: number | null }

export type RunView = {
  service: string
  workflowId: string
  runId: string
  digest: string | null
  /** `stuck` while a person is needed; null while the run is under way. */
  outcome: Outcome | 'stuck' | 'terminated' | 'failed' | null
  phase: Phase | 'unknown'
  step: { index: number; total: number; id: string; title: string } | null
  /** Id of the (first) open gate. */
  gate: string | null
  /** In percent, of the edge that the present step is about. */
  weights: Weights | null
  /** Of every edge that was changed; null = nobody knows what it holds. */
  edges: { connection: string; weights: Weights | null }[]
  changes: ChangeView[]
  guards: GuardView[]
  reason: ReasonView | null
  /** What would have sent the run back as well, had it not been going back by then. */
  laterReasons: ReasonView[]
  gates: GateView[]
  steps: StepView[]
  holding: { title: string; until: string | null; limit: string | null; waitsFor: string } | null
  restorations: (Pick<Restoration, 'connection' | 'target' | 'status' | 'note' | 'before'> & {
    at: string | null
  })[]
  remainder: { connection: string; target: string; note: string }[]
  /** Who would put back what the run sets, and goes on by itself at that moment; those that have gone on are left out. */
  suspended: { connection: string; until: string }[]
  /** What must be declared so that it says what the run has set, as JSON Patches; empty before a handback, and on the way back. */
  declare: Declaration[]
  pointOfNoReturn: { step: string; why: string } | null
  /**
   * Whether it can be brought back now; `until` a step that cannot be undone begins, and why. Not certain: no worker tells, it is
   * what history says. Null: it goes back, or has ended.
   */
  wayBack: {
    isPossible: boolean
    until: { index: number; title: string } | null
    why: string | null
    isCertain: boolean
  } | null
  /** How long the present step lasts from its beginning, and those after it. Null as `wayBack` is. */
  rest: { step: Duration; later: Duration } | null
  decisions: (Omit<RecordedDecision, 'at'> & { at: string })[]
  /** So many more had no effect and are only counted. */
  decisionsNotListed: number
  jobs: JobView[]
  /** Nothing new is begun until it is resumed. */
  paused: { actor: string; reason: string; at: string } | null
  retrying: RetryView[]
  proofs: ProofView[]
  startedBy: string | null
  startedAt: string | null
  endedAt: string | null
  unwindingSince: string | null
  restoredAt: string | null
  log: { at: string; text: string }[]
  stale: Stale | null
}
