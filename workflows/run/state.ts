// The state of a run: one typed, JSON-safe object. It is what the `state` query answers and what continue-as-new carries.
import type { Memories, Readings, Reading, WatchResult } from '../activities.ts'
import type { Json } from '../json.ts'
import type { FailureKind } from '../failure.ts'
import type { Failed } from '../failure.ts'
import type { Plan } from '../plan.ts'
import type { Serving, Weights } from '../ports/port.ts'
import type { Declaration } from '../ports/target.ts'

export type Side = 'old' | 'new'

export type Phase =
  | 'starting'
  | 'running' // changing something
  | 'holding' // time, checks
  | 'waiting' // a person
  | 'unwinding'
  | 'stuck'
  | 'completing'
  | 'ended'

export type Outcome = 'completed' | 'restored' | 'completed-with-remainder'

/** Why a run goes back (or asks). The first reason wins and is kept. */
export type Reason =
  | { kind: 'abort'; actor: string; reason: string; via: 'decision' | 'signal' | 'cancel'; at: number }
  | { kind: 'breach'; subject: string; evidence: Reading; at: number }
  | { kind: 'blind'; subject: string; evidence: Reading; at: number }
  | { kind: 'expired'; gate: string; at: number }
  | { kind: 'failure'; step: string; failure: FailureKind | 'Timeout'; message: string; at: number }

/** One recorded mutation. Written before the world is touched, so that the way back is known first. */
export type Change = {
  /** Place in the journal, from 1. */
  number: number
  step: string
  connection: string
  target: string
  before: Json
  desired: Json
  /**
   * intended: about to be written. unknown: a write may or may not have landed. noop: was already so.
   * adopted: written by someone else, and a person let it stand.
   */
  status: 'intended' | 'applied' | 'unknown' | 'noop' | 'adopted'
  verified: boolean
  /** An earlier try of the write was given up: what it wrote may land after a later one. */
  retried: boolean
  at: number
  appliedAt: number | null
  /** Found in one place or another, and let stand by a person: none of them is asked about twice. */
  approved?: Json[]
  /** Made on the way back, by the step's own one (undo.ts). */
  isBack?: true
  /** It was waited for: nothing of it can land or show any more. */
  isOver?: true
}

/** How far going back has come, per target, in the order in which targets are restored. */
export type Restoration = {
  connection: string
  target: string
  before: Json
  status: 'pending' | 'restoring' | 'restored' | 'stuck' | 'left'
  /** What the last try met, for people. */
  note: string | null
  at: number | null
  /** False while a write that was given up may still land on the target, or one that was accepted may still show. */
  settled: boolean
  /** A try was made: it may have taken effect in part. */
  isTried?: boolean
  /** Changed by a part of the run whose history was lost: the journal does not know it. */
  isLost?: boolean
  /** What it held then: values of this run, too. */
  lostValues?: Json[]
  /** A try was given up, or tried anew: what it wrote may still land. */
  isRetried?: boolean
}

/** The way back of a step that has its own (undo.ts): how far it has come. */
export type Undo = {
  step: string
  /** `left`: a person has taken it over, and with it everything that it had not brought back. */
  status: 'pending' | 'going' | 'done' | 'left'
  /** The change that it is making, brought about as a target is restored: `before` is what it shall hold; null = none. */
  change: (Restoration & { number: number }) | null
}

/** Of a reconciler. `until`: when it goes on by itself; `objects`: those of this run that it declares. */
export type Suspension = {
  connection: string
  target: string
  objects: string[]
  until: number
}

export type StepRecord = {
  id: string
  status: 'pending' | 'running' | 'done' | 'skipped' | 'failed' | 'undone'
  startedAt: number | null
  endedAt: number | null
  /** One line per thing worth telling: `25 % confirmed: new 24.6 % of 1,024 requests`. Bounded. */
  notes: string[]
  /** All that reached the run while the step is under way, bounded; fewer and fewer of them afterwards. */
  readings: Readings
}

/** How many readings of a subject reached the run during a step. */
export type Sum = { good: number; bad: number; unknown: number }

/** A watch that is under way, as a renewal takes it up. */
export type Wait = {
  attempt: number
  limit: number | null
  patient: boolean
  /** How often evidence has come back by itself. */
  returns: number
  /** Going on without evidence, until the time is over. */
  isWithout: boolean
  /** What a person is being asked about. */
  asking: Exclude<WatchResult, { kind: 'passed' }> | null
}

/** The proof of an effect, likewise. */
export type Proof = { attempt: number; isSeen: boolean; until: number; failed: Failed | null }

export type GateKind =
  | 'approval' // people approve a step
  | 'evidence' // readings unknown or too few: wait on, approve (go on without) or abort
  | 'drift' // someone else changed a target: retry (look again), approve (go on from what is found) or abort
  | 'failure' // after the point of no return, or at the end: retry, or skip where it can be left
  | 'restore' // going back fails on a target: retry now or skip (leave it, it is listed)

/** What must hold before the run goes forward. `waitsFor` is for people. */
export type Gate = {
  id: string
  kind: GateKind
  step: string
  title: string
  waitsFor: string
  openedAt: number
  /** When the time part is over; null = no time part. */
  until: number | null
  expires: number | null
  onExpiry: 'unwind' | 'hold' | null
  people: 'anyone' | string[]
  quorum: number
  selfApproval: boolean
  approvals: string[]
  allows: Verb[]
  answer: Verb | null
  /** Open when the run began a new history and not taken up since: the name it was asked under. */
  carried?: string
}

export type Verb =
  | 'approve'
  | 'abort'
  | 'retry'
  | 'skip'
  | 'extend'
  | 'retune'
  | 'promote'
  | 'pause'
  | 'resume'

/** By guard: bad above `max`, bad below `min`. */
export type Limits = { [guard: string]: { max?: string | number; min?: string | number } }

/** What a person (or a tool on behalf of one) said. */
export type Decision = {
  decisionId: string
  /** The gate it answers; abort, pause, resume, promote and retune need none, and extend without one is about the hold in progress. */
  gate: string | null
  verdict: Verb
  /** With what, where the verdict needs it: the time to add (`30m`) for extend, a guard and its limit (`errors max 1%`) for retune. */
  value?: string
  actor: string
  reason: string
  /** The plan the person looked at; a decision for another plan is refused. */
  digest: string | null
}

export type RecordedDecision = Decision & {
  at: number
  accepted: boolean
  /** Why it was refused, or was accepted and changed nothing. */
  why: string | null
  via: 'decision' | 'signal' | 'cancel'
}

/** What a decision is answered with. */
export type Decided = Pick<RunState, 'phase' | 'outcome' | 'gates'>

/** A line of the run's own log, shown by `watch` and the report. `heard`: said from outside, and without effect. */
export type LogLine = { at: number; text: string; heard?: true }

export type RunState = {
  stateVersion: 1
  service: string
  digest: string
  startedBy: string
  startedAt: number
  endedAt: number | null
  phase: Phase
  outcome: Outcome | null
  /** Index of the step that runs or comes next. */
  cursor: number
  steps: StepRecord[]
  changes: Change[]
  restorations: Restoration[]
  /** Newest first; empty before the run goes back. */
  undos: Undo[]
  gates: Gate[]
  /** How often each question has been asked, by the name it was first asked under. */
  asked: { [gate: string]: number }
  /** The hold in progress, for people: until when, and what it waits for. */
  holding: {
    /** Its name in `deadlines`, `waits` and `proofs`. */
    key: string
    step: string
    title: string
    until: number | null
    limit: number | null
    waitsFor: string
  } | null
  /** Every decision that had an effect, and the last of those that had none. */
  decisions: RecordedDecision[]
  /** So many decisions without effect are not listed any more. */
  forgotten: number
  sums: { [step: string]: { [subject: string]: Sum } }
  /** The step under way, so that a new history can take it up: results of what it has done, in its order, and its waits. */
  done: { [word: string]: Json }
  deadlines: { [key: string]: number }
  /** Nothing new is begun; null = it is not paused. */
  paused: { actor: string; reason: string; at: number } | null
  /** The limits of guards that have a number, as the plan says them or a person has said since. */
  limits: Limits
  /** How often a person has given more time or another limit: looks under way begin anew with it. */
  adjustments: number
  waits: { [key: string]: Wait }
  proofs: { [key: string]: Proof }
  memories: Memories
  reason: Reason | null
  laterReasons: Reason[]
  pointOfNoReturn: { step: string; why: string; at: number } | null
  /** Whether each side is being served requests (a shadow counts), by edge and all in all: decides which guards are watched. */
  serving: Serving
  /** Weights in percent as last verified, by edge; null = nobody knows what it holds. */
  weights: { [edge: string]: Weights | null }
  /** Parts of values to be restored when the run completes (the TTL, say). */
  atEnd: { connection: string; target: string; part: { [key: string]: Json } }[]
  /** Reconcilers that this run has suspended; left out = none. */
  suspensions?: Suspension[]
  /** What must be declared so that it says what this run has set, as far as objects are known. */
  declare?: Declaration[]
  /** What a person took over: not restored or not verified by the engine. */
  remainder: { connection: string; target: string; note: string }[]
  log: LogLine[]
  /** What the search attributes last said. */
  published: { phase: string; gate: string; weight: number | null; outcome: string } | null
  /** An earlier history of this run was reset: what that one had lost, and given back, is not known to this one either. */
  wasReset?: boolean
  /** When going back began and when it was done; for time-to-restore. */
  unwindingSince: number | null
  restoredAt: number | null
}

/** Answer of the `state` query. */
export type StateAnswer = { state: RunState; plan: Plan }
