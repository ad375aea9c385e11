// Every measure by name, in the order in which they are made. A new one: a file here and its line in this list.
import type { Ground } from '../ground/ground.ts'
import type { Row } from '../report/row.ts'
import { abortInFlight, abortOnHaproxy } from './abort.ts'
import { breachOnHaproxy, breachSimulated } from './breach.ts'
import { commandLine } from './command-line.ts'
import { eventsOfDays } from './events.ts'
import { killedAndRestarted, killedBesideAnother } from './killed-worker.ts'
import { failedRequests } from './requests.ts'
import { scale } from './scale.ts'

/** `before`: the rows that were measured earlier in this run. */
type Options = { isSoak: boolean; before: readonly Row[] }

export type Measure = {
  name: string
  /** Takes minutes: only when asked for. */
  isLong?: boolean
  /** On a Temporal server that keeps its state in PostgreSQL: only when asked for. */
  onCluster?: boolean
  /** Runs and floors are served from this process while it is made; otherwise it brings its own workers. */
  isServedHere: boolean
  take(ground: Ground, options: Options): Promise<Row[]>
}

export const MEASURES: Measure[] = [
  { name: 'command-line', isServedHere: false, take: () => commandLine() },
  { name: 'abort', isServedHere: true, take: abortOnHaproxy },
  { name: 'flight', isServedHere: true, take: abortInFlight },
  {
    name: 'breach',
    isServedHere: true,
    take: (ground, { before }) => breachSimulated(ground, abortMsOf(before)),
  },
  {
    name: 'breach-haproxy',
    isServedHere: true,
    take: (ground, { before }) => breachOnHaproxy(ground, abortMsOf(before)),
  },
  { name: 'killed', isServedHere: false, take: killedBesideAnother },
  { name: 'restarted', isServedHere: false, take: killedAndRestarted },
  { name: 'events', isServedHere: false, take: () => eventsOfDays() },
  { name: 'requests', isServedHere: true, take: (ground, { isSoak }) => failedRequests(ground, isSoak) },
  { name: 'scale', isLong: true, isServedHere: false, take: scale },
  onCluster({ name: 'abort-cluster', isServedHere: true, take: abortOnHaproxy }),
  onCluster({ name: 'flight-cluster', isServedHere: true, take: abortInFlight }),
  onCluster({ name: 'scale-cluster', isServedHere: false, take: scale }),
]

function onCluster(measure: Measure): Measure {
  return {
    ...measure,
    onCluster: true,
    async take(ground, options) {
      const rows = await measure.take(ground, options)
      return rows.map((row) => ({ ...row, measure: `${row.measure}, on PostgreSQL` }))
    },
  }
}

/** p99 of a single abort in this run: part of the bound of a breach. */
function abortMsOf(rows: readonly Row[]): number {
  return rows.find(({ measure }) => measure.startsWith('abort'))?.figures['abortP99Ms'] ?? 0
}
