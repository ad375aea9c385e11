// A proof under watch: a number that must have been good without a break for a while; bad only keeps the gate shut.
import type { PlannedConnection, PlannedGuard } from '../plan.ts'
import { milliseconds } from '../quantities.ts'
import type { Watched } from './subject.ts'

export type ProofSubject = Watched<'proof'> & { guard: PlannedGuard }

export function proofSubject(
  guard: PlannedGuard,
  connection: PlannedConnection,
  forMs: number,
): ProofSubject {
  return {
    what: 'proof',
    name: guard.name,
    guard,
    connection,
    everyMs: milliseconds(guard.every),
    enough: { forMs },
    breach: null,
    whenUnknown: guard.when_unknown,
    isDryRun: guard.dry_run,
  }
}
