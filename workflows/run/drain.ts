// In which order a run that goes back restores: instances are taken away only when the traffic that uses them has left. Pure.
import { milliseconds } from '../quantities.ts'
import { changingFacts } from '../ports/facts.ts'
import { isWritten, ours } from './journal.ts'
import { plannedValues } from './planned-values.ts'
import { type Run, connectionOf } from './run.ts'
import type { Restoration } from './state.ts'

/** Restored when everything else is back, whenever it was changed. */
export function isRestoredLast(run: Run, { connection }: Restoration): boolean {
  return changingFacts(connectionOf(run, connection).port)?.isRestoredLast === true
}

/** Restored behind everything else, those above included. */
export function isReleasedLast(run: Run, { connection }: Pick<Restoration, 'connection'>): boolean {
  return changingFacts(connectionOf(run, connection).port)?.isReleasedLast === true
}

/**
 * Restorations in their order, those that follow one another and may be written at the same time as one group: edges of a
 * service. Users of the one must not wait until another answers.
 */
export function sideBySide(run: Run, restorations: Restoration[]): Restoration[][] {
  const groups: Restoration[][] = []
  for (const restoration of restorations) {
    const group = groups.at(-1)
    const isFree = group?.every((each) => isSharing(run, each) && each.connection !== restoration.connection)
    if (group !== undefined && isFree === true && isSharing(run, restoration)) group.push(restoration)
    else groups.push([restoration])
  }
  return groups
}

/** A target of an edge: users follow it at once. */
function isSharing(run: Run, { connection }: Restoration): boolean {
  return changingFacts(connectionOf(run, connection).port)?.leads?.isFollowedLate === false
}

/**
 * What must be back before instances may go: all traffic and all records of the run, whatever was changed first. `before` is
 * that of a target's first change, so the order of the last ones says nothing.
 */
export function prerequisitesOf(run: Run): Restoration[] {
  return run.state.restorations.filter((each) => !isRestoredLast(run, each) && !isReleasedLast(run, each))
}

/**
 * Until when instances must stay: under requests in flight, and for clients whose resolver still points at them. Counted
 * from the moment at which traffic and records were back; null = there is nothing to wait for.
 */
export function drainedBy(run: Run): number | null {
  const { changes } = run.state
  const moved = prerequisitesOf(run).filter((each) => each.isLost === true || isWritten(changes, each))
  const ends = moved.flatMap((earlier) => {
    const lingersMs = lingersMsAfter(run, earlier)
    return earlier.at === null || lingersMs === 0 ? [] : [earlier.at + lingersMs]
  })
  return ends.length === 0 ? null : Math.max(...ends)
}

/** How long what holds the instances of users who are back must stay: an autoscaler that has had none would take them away again. */
export function noticesMs(run: Run, { connection, target, before }: Restoration): number {
  const { port, noticesWithin } = connectionOf(run, connection)
  if (noticesWithin === undefined) return 0
  const values = ours(run.state.changes, { connection, target })
  return changingFacts(port)?.isReleasedLate?.({ target, before, values }) ? milliseconds(noticesWithin) : 0
}

/** How long clients may still go where this run has led them. */
function lingersMsAfter(run: Run, { connection, target, before, isLost = false }: Restoration): number {
  const facts = changingFacts(connectionOf(run, connection).port)
  const of = { connection, target }
  const values = isLost ? plannedValues(run.plan, of) : ours(run.state.changes, of)
  return facts?.lingersMs?.({ before, values, drainMs: milliseconds(run.plan.drain) }) ?? 0
}
