// A run in progress: its plan, its state, and the one way to end going forward. What it can do stands in the other files here.
import { type CancellationScope, CancelledFailure } from '@temporalio/workflow'
import type { Plan, PlannedConnection, PlannedStep } from '../plan.ts'
import { describeReason } from './reason.ts'
import type { Limits, LogLine, Reason, Restoration, RunState, StepRecord, Undo } from './state.ts'

const LOG_LINES = 300 // enough for the longest runbooks; older lines go first
const HEARD_LINES = 60 // of them: a flood of signals must not push the story of the run out of its log
const LINE_MAX = 400 // backends and people are quoted
const LATER_REASONS = 20 // the first one counts; these are for the report
const NOTES_PER_STEP = 40

export interface Run {
  readonly plan: Plan
  readonly state: RunState
  /** What is so at this moment: one object for all parts of the run. */
  readonly now: {
    /** The cancellable scope of going forward; null before and after. */
    forwardScope: CancellationScope | null
    /** True from the moment at which the run was cut for a new history. */
    renewing: boolean
    /** How many waits are under way that can be taken up again; none = nothing may be cut. */
    renewable: number
    /** Length of the history when the first of them began. */
    settledAt: number | null
    /** Notices on their way. */
    telling: number
    /** Changes of times and limits that looks under way have not followed yet. */
    adjusting: number
    /** Looks are being ended, once what they have read is kept; null = not yet. */
    stopping: Promise<void> | null
    /** Returns when each of them is back, or left to people; null = the run is not going back. */
    lookAgain: ((restorations: Restoration[]) => Promise<void>) | null
  }
  /** Tries of the way back: those that are waited for, and those beside an open question. */
  readonly tries: { alone: number; beside: number }
  /** Open questions by their ids: the names they were asked under. */
  askedAs: { [gate: string]: string }
  /** Which words of its step the run has come to, how often each, and within which it is. */
  words: { within: string; said: { [path: string]: number } }
  /** The way back of a step, where this is the part of the run that carries it out: the words of a step then go back. */
  readonly undo: Undo | null
  /** Long work begun, each over or not. */
  readonly working: Promise<void>[]
  /** Parent of every watch and proof, beside going forward and not within it: see looks.ts. */
  readonly looks: CancellationScope
  /** Those that are under way. */
  readonly looking: Set<Look>
  /** Names of the watches that going back has cut, whose last readings are not kept yet; null = this run keeps none. */
  readonly cut: string[] | null
}

/** A watch or a proof that is under way. */
export interface Look {
  /** Under which its counters are kept; null = it keeps none. */
  readonly name: string | null
  /** Those that it judges by. */
  readonly limits: Limits
  readonly scope: CancellationScope
}

/** Ends going forward. Past the point of no return nobody may call this: ask a person instead. */
export function sendBack(run: Run, reason: Reason): void {
  if (run.state.reason !== null) {
    if (run.state.laterReasons.length < LATER_REASONS) run.state.laterReasons.push(reason)
    return
  }
  run.state.reason = reason
  log(run, `going back: ${describeReason(reason)}`)
  run.now.forwardScope?.cancel()
}

/** Throws when going forward has ended; looked at after every await of the engine, before anything else. */
export function checkpoint(run: Run): void {
  if (run.now.forwardScope === null) return
  if (run.state.reason !== null) throw new CancelledFailure('the run is going back')
  if (run.now.renewing) throw new CancelledFailure('the run begins a new history')
}

export function isIrreversible(run: Run): boolean {
  return run.state.pointOfNoReturn !== null
}

export function connectionOf(run: Run, name: string): PlannedConnection {
  const connection = run.plan.connections[name]
  if (connection === undefined) throw new Error(`the plan has no connection ${name}`)
  return connection
}

/** The step that runs now, or is taken back. */
export function stepOf({ plan, state, undo }: Run): PlannedStep {
  const position =
    undo === null
      ? Math.min(state.cursor, plan.steps.length - 1)
      : plan.steps.findIndex(({ id }) => id === undo.step)
  return plan.steps[position] as PlannedStep
}

export function recordOf(run: Run, step: PlannedStep): StepRecord {
  return run.state.steps[step.index - 1] as StepRecord
}

/** `[4/9] canary on edge`: how activities and timers name themselves. */
export function label(run: Run): string {
  const { index, title } = stepOf(run)
  return `[${index}/${run.plan.steps.length}] ${title}${run.undo === null ? '' : ', back'}`
}

export function log(run: Run, text: string): void {
  append(run.state, { at: Date.now(), text: cut(text) })
}

/** A line about what was said from outside and changed nothing. */
export function hear(run: Run, text: string): void {
  append(run.state, { at: Date.now(), text: cut(text), heard: true })
}

function append({ log: lines }: RunState, line: LogLine): void {
  lines.push(line)
  if (lines.filter(isHeard).length > HEARD_LINES) lines.splice(lines.findIndex(isHeard), 1)
  if (lines.length > LOG_LINES) lines.shift()
}

function isHeard({ heard }: LogLine): boolean {
  return heard === true
}

function cut(text: string): string {
  return text.length <= LINE_MAX ? text : `${text.slice(0, LINE_MAX - 1)}…`
}

/** A line worth keeping with the step, also in the log. */
export function note(run: Run, text: string): void {
  const { notes } = recordOf(run, stepOf(run))
  if (notes.length < NOTES_PER_STEP) notes.push(cut(text))
  log(run, text)
}
