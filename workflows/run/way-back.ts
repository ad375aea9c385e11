// Steps whose way back is more than writing `before` (undo.ts): which of them a run has to go over, newest first, and what each
// is about. Pure; they are carried out in walk.ts.
import { foundAtStart } from '../found.ts'
import type { PlannedStep } from '../plan.ts'
import { kindOf, outline } from '../steps/kind-of.ts'
import { isOf } from './journal.ts'
import type { Run } from './run.ts'
import type { Restoration, RunState, Undo } from './state.ts'

type Of = { connection: string; target: string }
type Going = Pick<Run, 'plan'> & { state: Pick<RunState, 'changes' | 'restorations' | 'undos'> }

/** Of every such step that has written something, or may have. `hasOwn`: whether its kind has an undo.ts. */
export function undosOf({ plan, state }: Going, hasOwn: (step: PlannedStep) => boolean): Undo[] {
  const hasWritten = ({ id }: PlannedStep) =>
    state.changes.some(({ step, status }) => step === id && status !== 'noop')
  return plan.steps
    .filter((step) => hasOwn(step) && hasWritten(step))
    .toReversed()
    .map(undoOf)
}

/**
 * Of steps of which the journal knows nothing, although a target of theirs was changed: a part of the history was lost. They take
 * their place among the others.
 */
export function addLostUndos(run: Going, of: Of, hasOwn: (step: PlannedStep) => boolean): void {
  const { plan, state } = run
  const isKnown = ({ id }: PlannedStep) => state.undos.some(({ step }) => step === id)
  const lost = plan.steps
    .filter((step) => hasOwn(step) && !isKnown(step) && isAbout(run, undoOf(step), of))
    .map(undoOf)
  const place = ({ step }: Undo) => plan.steps.findIndex(({ id }) => id === step)
  state.undos = [...state.undos, ...lost].toSorted((a, b) => place(b) - place(a))
}

function undoOf({ id }: PlannedStep): Undo {
  return { step: id, status: 'pending', change: null }
}

/** Whether a target is one of the step's: by its plan, or because it was changed for it, there or back. */
export function isAbout({ plan, state }: Going, { step: id }: Undo, of: Of): boolean {
  if (state.changes.some((change) => change.step === id && isOf(change, of))) return true
  const step = plan.steps.find((each) => each.id === id)
  if (step === undefined) return false
  const seen = (connection: string, target: string) => foundAtStart(plan, { connection, target })
  return outline(step, seen).changes.some((change) => isOf(change, of))
}

/** Those that must be over before a target is restored, newest first. */
export function undosAbout(run: Going, of: Of): Undo[] {
  return run.state.undos.filter((undo) => isAbout(run, undo, of))
}

/** Those that must be over before this one begins: newer ones about a target of its own. */
export function undosBefore(run: Going, undo: Undo): Undo[] {
  const own = targetsOf(run, undo)
  return run.state.undos
    .slice(0, run.state.undos.indexOf(undo))
    .filter((newer) => own.some((of) => isAbout(run, newer, of)))
}

export function targetsOf(run: Going, undo: Undo): Restoration[] {
  return run.state.restorations.filter((each) => isAbout(run, undo, each))
}

/** Begins when everything else is back. */
export function isTakenBackLast({ plan }: Pick<Going, 'plan'>, { step: id }: Undo): boolean {
  const step = plan.steps.find((each) => each.id === id)
  return step !== undefined && kindOf(step).isTakenBackLast === true
}

export function isOver({ status }: Undo): boolean {
  return status === 'done' || status === 'left'
}

export function isSettled({ status }: Restoration): boolean {
  return status === 'restored' || status === 'left'
}

/** For people: what is being done for the targets of a step, until each is restored or left. */
export function tell(run: Going, undo: Undo, note: string): void {
  for (const restoration of targetsOf(run, undo)) {
    if (isSettled(restoration)) continue
    restoration.status = 'restoring'
    restoration.note = note
  }
}
