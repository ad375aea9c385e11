// A journey under watch: requests made as a user would, one after the other; all must be good.
import type { PlannedConnection } from '../plan.ts'
import type { ProbeRequest } from '../ports/probe.ts'
import type { Watched } from './subject.ts'

export type JourneySubject = Watched<'journey'> & { requests: ProbeRequest[] }

export function journeySubject(
  of: Pick<JourneySubject, 'name' | 'requests' | 'everyMs' | 'breach' | 'whenUnknown'> & {
    connection: PlannedConnection
    good: number
  },
): JourneySubject {
  const { good, ...journey } = of
  return { what: 'journey', ...journey, enough: { good }, isDryRun: false }
}
