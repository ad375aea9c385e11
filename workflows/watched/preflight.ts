// A place under examination: whether anything stands in the way of leading users to it. A finding only keeps the gate shut.
import type { PlannedConnection } from '../plan.ts'
import type { Demand } from '../ports/preflight.ts'
import type { Watched } from './subject.ts'

export type PreflightSubject = Watched<'preflight'> & {
  demand: Demand
  /** Check -> why its findings stop nothing. */
  accepted: { [check: string]: string }
}

export function preflightSubject(
  of: Pick<PreflightSubject, 'demand' | 'accepted' | 'everyMs'> & {
    connection: PlannedConnection
    good: number
  },
): PreflightSubject {
  const { good, ...examined } = of
  return {
    what: 'preflight',
    name: `preflight of ${of.connection.name}`,
    ...examined,
    enough: { good },
    breach: null,
    whenUnknown: null, // the limit of the step is its patience
    isDryRun: false,
  }
}
