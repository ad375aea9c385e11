// Requests in flight under watch: how much a side has not finished yet. A number above the limit only keeps the gate shut.
import type { PlannedConnection } from '../plan.ts'
import type { Watched } from './subject.ts'

export type InFlightSubject = Watched<'in-flight'> & {
  side: 'old' | 'new'
  /** So much may be left. */
  most: number
}

export function inFlightSubject(
  of: Pick<InFlightSubject, 'side' | 'most' | 'everyMs'> & { connection: PlannedConnection; good: number },
): InFlightSubject {
  const { good, ...counted } = of
  return {
    what: 'in-flight',
    name: inFlightName(of),
    ...counted,
    enough: { good },
    breach: null,
    whenUnknown: null, // the limit of the step is its patience
    isDryRun: false,
  }
}

function inFlightName({ side, connection }: Pick<InFlightSubject, 'side' | 'connection'>): string {
  return `in flight on ${connection.name} ${side}`
}
