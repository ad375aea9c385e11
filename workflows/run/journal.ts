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

/** Whether the last thing that was done to a target was seen to be so. */
export function isStanding(changes: Change[], of: Of): boolean {
  return changes.findLast((change) => isOf(change, of))?.verified === true
}

/** Targets that were or may have been changed, newest first, each once: the order in which they are restored. */
export function touched(changes: Change[]): Of[] {
  const targets: Of[] = []
  for (const change of changes.toReversed()) {
    if (change.status === 'noop' || targets.some((target) => isOf(target, change))) continue
    targets.push({ connection: change.connection, target: change.target })
  }
  return targets
}

/** Whether a write on the target may still land after it was given up. */
export function isUncertain(changes: Change[], of: Of): boolean {
  return changes.some((change) => (change.status === 'unknown' || change.retried) && isOf(change, of))
}

/**
 * The last moment at which a write that may still land was on its way: a try that was followed by one that worked was over by
 * then, one that nothing is known of counts until the target was restored.
 */
export function onItsWayUntil(changes: Change[], of: Of, restoredAt: number): number {
  const tries = changes.filter((change) => isOf(change, of))
  if (tries.some(({ status }) => status === 'unknown')) return restoredAt
  return Math.max(...tries.map(({ retried, appliedAt }) => (retried ? (appliedAt ?? 0) : 0)))
}

/** The work of going back, in order. */
export function restorationsOf(state: RunState): Restoration[] {
  return touched(state.changes).map((of) => ({
    ...of,
    before: firstBefore(state.changes, of) as Json,
    status: 'pending',
    note: null,
    at: null,
    settled: !isUncertain(state.changes, of),
  }))
}
