// A guard under watch: a number that sends the run back when it is bad too often in a row.
import type { PlannedConnection, PlannedGuard } from '../plan.ts'
import { inARow, milliseconds } from '../quantities.ts'
import type { Watched } from './subject.ts'

export type GuardSubject = Watched<'guard'> & { guard: PlannedGuard }

/** `good` checks in a row open the gate. */
export function guardSubject(guard: PlannedGuard, connection: PlannedConnection, good: number): GuardSubject {
  return {
    what: 'guard',
    name: guard.name,
    guard,
    connection,
    everyMs: milliseconds(guard.every),
    ...(guard.recheck === undefined ? {} : { recheckMs: milliseconds(guard.recheck) }),
    enough: { good },
    breach: inARow(guard.breach),
    whenUnknown: guard.when_unknown,
    isDryRun: guard.dry_run,
  }
}
