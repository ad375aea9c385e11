// The proof of idleness as a guard: at most `max` of whatever the query counts. No data is not a proof.
import type { PlannedGuard, PlannedStep } from '../../plan.ts'

export function idleGuard({
  side,
  idle_proof: { from, query, max, every, when_unknown },
}: PlannedStep<'decommission'>['spec']): PlannedGuard {
  return {
    name: `${side} idle`,
    from,
    query,
    side,
    max,
    every,
    breach: '1 in a row',
    min_samples: 0,
    when_unknown,
    dry_run: false,
  }
}
