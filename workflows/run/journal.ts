// The journal: every mutation with what was there before. Pure; the way back is computed from it alone.
import type { Json } from '../json.ts'
import { sameJson } from '../json.ts'
import type { Change, Restoration, RunState } from './state.ts'

type Of = Pick<Change, 'connection' | 'target'>

export function isOf(change: Of, other: Of): boolean {
  return change.connection === other.connection && change.target === other.target
}

/**
 * What the run believes a target to be: the last verified value, or what was there first when nothing was verified yet (a
 * write that may or may not have landed is not knowledge). Undefined = this run has not touched it.
 */
export function lastKnown(changes: Change[], of: Of): Json | undefined {
  const last = changes.findLast((change) => isOf(change, of) && change.verified)
  if (last === undefined) return firstBefore(changes, of)
  return last.status === 'noop' ? last.before : last.desired
}

/** The value to restore: what was there before this run first touched the target. */
export function firstBefore(changes: Change[], of: Of): Json | undefined {
  return changes.find((change) => isOf(change, of))?.before
}

/** Every value this run may have left on a target. Anything else found there was written by someone else. */
export function ours(changes: Change[], of: Of): Json[] {
  const values = changes
    .filter((change) => isOf(change, of))
    .flatMap((change) => [change.before, change.desired])
  return values.filter((value, index) => values.findIndex((other) => sameJson(other, value)) === index)
}

/** The last thing that is known of a target. */
export function lastChange(changes: Change[], of: Of): Change | undefined {
  return changes.findLast((change) => isOf(change, of))
}

/** Whether the last thing that was done to a target was seen to be so. */
export function isLastVerified(changes: Change[], of: Of): boolean {
  return lastChange(changes, of)?.verified === true
}

/**
 * Targets of the journal, newest first, each once: the order in which they are restored. Those that already were as wanted are
 * among them: the run has relied on what they hold.
 */
export function touched(changes: Change[]): Of[] {
  const targets: Of[] = []
  for (const change of changes.toReversed()) {
    if (targets.some((target) => isOf(target, change))) continue
    targets.push({ connection: change.connection, target: change.target })
  }
  return targets
}

/** Whether this run has written a target, or may have. */
export function isWritten(changes: Change[], of: Of): boolean {
  return changes.some((change) => change.status !== 'noop' && isOf(change, of))
}

/** Whether a write on the target may still land after it was given up, or still show after it was accepted. */
export function isUncertain(changes: Change[], of: Of): boolean {
  return changes.some(
    (change) => (isOpen(change) || change.retried) && change.isOver !== true && isOf(change, of),
  )
}

/** Nothing is known of it: it was given up without an answer, or accepted and not seen. */
function isOpen({ status, verified }: Change): boolean {
  return status === 'unknown' || (status === 'applied' && !verified)
}

/** Writes that were not seen to be so: each may have taken effect in part. */
export function halvesOf(changes: Change[], of: Of): [before: Json, desired: Json][] {
  return changes
    .filter((change) => isOf(change, of) && isOpen(change))
    .map(({ before, desired }) => [before, desired])
}

/**
 * The latest moment at which an abandoned write of this target could still have been in flight.
 * - An abandoned try that was followed by a successful one: until that one was applied.
 * - A write of which nothing is known: until the target was restored.
 */
export function onItsWayUntil(changes: Change[], of: Of, restoredAt: number): number {
  const tries = changes.filter((change) => isOf(change, of) && change.isOver !== true)
  if (tries.some(isOpen)) return restoredAt
  return Math.max(0, ...tries.map(({ retried, appliedAt }) => (retried ? (appliedAt ?? 0) : 0)))
}

/** The work of going back on some targets, in their order. `before` of one that the journal does not know is given. */
export function restorationsOf(
  { changes }: Pick<RunState, 'changes'>,
  targets: (Of & { before?: Json })[],
): Restoration[] {
  return targets.map(({ connection, target, before }) => ({
    connection,
    target,
    before: before ?? (firstBefore(changes, { connection, target }) as Json),
    status: 'pending',
    note: null,
    at: null,
    settled: !isUncertain(changes, { connection, target }),
  }))
}
