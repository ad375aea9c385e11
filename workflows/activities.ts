// What the engine asks of the outside world: the activities by name, their requests and answers. Types only.
import type { Json } from './json.ts'
import type { Plan, PlannedConnection } from './plan.ts'
import type { Notice } from './ports/notify.ts'
import type { ConfirmRequest, Confirmation, Observed } from './ports/target.ts'
import type { Trial, TrialAnswer } from './trial.ts'
import type { Subject } from './watched/index.ts'

/** Task queues: mutations and looks on one, watches (long-lived, poll by retry) and long work on others, so that undo never queues behind them. */
export const TASK_QUEUE = 'cutover'
export const WATCH_QUEUE = 'cutover-watch'
/** Long work: it may keep its slot for days. */
export const JOB_QUEUE = 'cutover-job'

type At = { connection: PlannedConnection; target: string }

export type ApplyInput = At & {
  desired: Json
  /** The last verified value. Over anything else the write is refused with `Conflict`. */
  expected: Json
  /** What the run found first. */
  before?: Json
  /** Values that this run may have left in another place of the target. */
  ours: Json[]
  /** Further values that may stand there: what was there before, what a person let stand, what a lost history may have left. */
  known: Json[]
} & ClaimedAgain
export type Applied = {
  written: 'written' | 'unchanged'
  /** Whether the backend, asked again, shows the desired value. `unknown`: it could not be asked. */
  readBack: 'match' | 'differs' | 'unknown'
  observed: Observed | null
  /** Tries it took; more than one: an earlier one was given up, and what it wrote may still land. */
  tries: number
}

export type RestoreInput = At & {
  /** The value to restore. */
  before: Json
  /** Every value this run may have set; anything else found there is a foreign write and is not overwritten. */
  ours: Json[]
  /** Writes that may have taken effect in part: what was there before each, and what was ordered. */
  halves: [before: Json, desired: Json][]
  /** `before` has been ordered already: what it left of one of ours in part is ours, too. */
  isRepeated: boolean
  /** A write of this run may still land or still show: `before` is written even where the look shows it already. */
  isUncertain: boolean
} & ClaimedAgain

/** Locks that are taken before anything is written, by a run that may have given them back. */
type ClaimedAgain = { claim?: ClaimInput }

/** A write that was accepted and does not show yet. */
export type ShownInput = At & { desired: Json; expected: Json }

/** A target that the journal does not know, looked at before a run that goes back believes it untouched. */
export type RevisitInput = At & {
  /** What it held when the plan was made. */
  found: Json
  /** Every value that this plan writes to it. */
  planned: Json[]
  /** It writes one that cannot be named beforehand: whatever a person has not set may be it. */
  isOpenEnded: boolean
  /** Whether a part of this run's history was lost (a reset, a failover). */
  isReset: boolean
}
/**
 * `ours`: it holds what this plan writes, so a part of the history that was lost has written it. `foreign`: somebody else has
 * changed it, and this run has not. `isReset` as it was asked, so that what follows from it is in the history.
 */
export type Revisited = {
  holds: 'found' | 'ours' | 'foreign' | 'unknown'
  /** What it holds, in whichever of its places. */
  held: Json[]
  isReset: boolean
  words: string
}

export type Restored = {
  written: 'written' | 'unchanged'
  observed: Observed
  /** Tries it took; more than one: what an earlier one wrote may still land. */
  tries: number
}

export type ConfirmInput = At & {
  desired: Json
  options: ConfirmRequest['options']
  everyMs: number
} & Resumable

/** A look that can be taken up by another one: under its name, from what the first one remembered. */
export type Resumable = { name?: string; memory?: LookMemory }

/** What a look remembers from attempt to attempt; only it knows the rest. */
export type LookMemory = {
  subjects?: { [subject: string]: { earlier: Reading[]; last: Reading } }
  job?: JobMemory
}

/** What looks under way remember, by their names. */
export type Memories = { [name: string]: LookMemory }

/** A value that this run has set, and that is to stay as it is while the run waits. */
export type OwnValue = At & { value: Json }

/** What was found instead; `writer` where the backend knows. */
export type Drift = { connection: string; target: string; found: Json; writer: string | null }

export type WatchInput = {
  subjects: Subject[]
  /** Looked at beside the subjects, less often; another value found twice in a row ends the watch (`drift`). */
  ownValues?: OwnValue[]
  /** Server time in ms since the epoch before which the gate stays shut; null = until cancelled. */
  deadline: number | null
  /** Server time at which the watch gives up waiting for good checks; null = never. */
  limit: number | null
  /** Whether unknown readings end the watch after the guard's patience (`blind`). False once a person has been asked. */
  patient: boolean
} & Resumable

export type Verdict = 'good' | 'bad' | 'unknown'

/** One reading of one subject: evidence, kept with the step. `value` in the unit of the query; `limit` in words. */
export type Reading = {
  subject: string
  at: string
  verdict: Verdict
  value: number | null
  limit: string
  samples: number | null
  /** For people: `0.2 %, at most 0.5 %, 1,204 samples`, or why it is unknown. */
  text: string
}

/** Readings of a watch, oldest first, thinned to a bounded number per subject. */
export type Readings = { [subject: string]: Reading[] }

export type WatchResult =
  | { kind: 'passed'; readings: Readings }
  | { kind: 'breach'; subject: string; evidence: Reading; readings: Readings }
  /** Someone else has changed what this run had set. */
  | ({ kind: 'drift'; readings: Readings } & Drift)
  /** Unknown for longer than the guard's patience; `act` is what the runbook wants done. */
  | { kind: 'blind'; subject: string; act: 'hold' | 'unwind'; evidence: Reading; readings: Readings }
  /** The limit came before enough good checks. */
  | { kind: 'inconclusive'; waitingFor: string[]; readings: Readings }

/** The kinds of long work. */
export type JobName = 'warm'

export type JobInput = Resumable & {
  name: string
  title: string
  job: JobName
  spec: Json
  /** How many pieces may begin in a second at most; null = as fast as it goes. */
  perSecond: number | null
  /** It waits while one of these is not good. */
  throttle: Subject[]
}

/** How far a job has come. Carried in its heartbeat: shown to people, and taken up by the next attempt. */
export type JobMemory = {
  title: string
  /** For people: `120 of 400 requests, 20.0/s, 14s left`. */
  text: string
  done: number
  total: number | null
  unit: string
  perSecond: number | null
  leftMs: number | null
  /** Why it waits, in words; null = it works. */
  waiting: string | null
  /** Only the job knows what it means. */
  state: Json
}

/** `isOver: false` = it was ended before everything was done. */
export type JobResult = { isOver: boolean; memory: JobMemory }

export type ClaimInput = {
  locks: string[]
  /** A run and its chain: `firstRunId` stays the same when the run continues as new. */
  holder: { workflowId: string; firstRunId: string; service: string }
  /** What is about to be carried out: looked at before anything is taken. Not with a release. */
  plan?: Plan
}

/** A suspension, and until when it lasts at most, whatever becomes of the run; null = its end is seen to. */
export type ExpiryInput = At & {
  /** The real resource that is suspended: one expiry each. */
  key: string
  /** The run and its chain. */
  run: string
  service: string
  /** What it goes on with. */
  before: Json
  /** Anything else found there was suspended by somebody else. */
  ours: Json[]
  until: number | null
  /** Who hears of it. */
  notify: PlannedConnection[]
}

export interface ChangeActivities {
  observe(
    input: At & {
      /** A refusal that may pass is tried again a few times, because nobody is waiting at a terminal. */
      isPatient?: boolean
      /** Values that are going to be asked for; the look refuses those that the target cannot hold. */
      wanted?: Json[]
      /** Comes back as it was asked, so that what follows from it is in the history. */
      isReset?: boolean
    },
  ): Promise<Observed & { isReset?: boolean }>
  apply(input: ApplyInput): Promise<Applied>
  /** Looks whether an accepted write shows; `NotYet` until it does. */
  shown(input: ShownInput): Promise<Observed>
  revisit(input: RevisitInput): Promise<Revisited>
  restore(input: RestoreInput): Promise<Restored>
  announce(input: { connection: PlannedConnection; notice: Notice }): Promise<void>
  /** Takes the locks of every target, or fails: `Conflict` that names the holder, `Config` for a plan that is not to be carried out. */
  claim(input: ClaimInput): Promise<void>
  release(input: ClaimInput): Promise<void>
  /** Sees to it that a suspension ends by itself at a moment, or need not any more. */
  expire(input: ExpiryInput): Promise<void>
  /** What the looks of a run remember at this moment. */
  recall(input: { workflowId: string; runId: string }): Promise<Memories>
}

export interface JobActivities {
  /** Works until everything is done or it is ended. */
  job(input: JobInput): Promise<JobResult>
}

export interface WatchActivities {
  /** Looks once; while there is no final verdict it fails with `NotYet`, and Temporal's retry is the interval. */
  watch(input: WatchInput): Promise<WatchResult>
  /** Looks once on the independent path; `NotYet` until settled. */
  confirm(input: ConfirmInput): Promise<Confirmation>
}

export interface SurveyActivities {
  /** Tries once, without effect, what a run will need. Fails with the kind and the words of what cannot work. */
  tryOut(input: Trial): Promise<TrialAnswer>
}
