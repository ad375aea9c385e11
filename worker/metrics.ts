// The worker's metrics. Durations and counts come from runs through the sink; how many runs hold or are stuck is asked of
// the Temporal server when scraped, so that it is right after a restart and the same on every worker.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const WAIT_SECONDS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400, 604_800] // gates wait for seconds or for days
const RESTORE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 60, 300] // the promise is below 4 s

/** Counts open runs in a phase; null = the server did not say. */
export type CountRuns = (phase: 'holding' | 'stuck') => Promise<number | null>

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics(countRuns: CountRuns) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const openRuns = (name: string, help: string, phase: 'holding' | 'stuck') =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const count = await countRuns(phase)
        if (count === null) this.reset()
        else this.set(count)
      },
    })
  return {
    registry,
    gateWait: new Histogram({
      name: 'cutover_gate_wait_seconds',
      help: 'How long a gate waited for its answer',
      labelNames: ['service', 'kind'],
      buckets: WAIT_SECONDS,
      registers,
    }),
    stepDuration: new Histogram({
      name: 'cutover_step_duration_seconds',
      help: 'How long a step took, by its kind',
      labelNames: ['service', 'kind'],
      buckets: WAIT_SECONDS,
      registers,
    }),
    weight: new Gauge({
      name: 'cutover_weight',
      help: 'Share of the traffic in percent, as last verified by this worker',
      labelNames: ['service', 'side'],
      registers,
    }),
    changes: new Counter({
      name: 'cutover_changes_total',
      help: 'Changes applied and verified',
      labelNames: ['service', 'connection'],
      registers,
    }),
    unwinds: new Counter({
      name: 'cutover_unwinds_total',
      help: 'Runs that went back, by cause',
      labelNames: ['service', 'cause'],
      registers,
    }),
    holds: new Counter({
      name: 'cutover_holds_total',
      help: 'Holds begun',
      labelNames: ['service'],
      registers,
    }),
    stuck: new Counter({
      name: 'cutover_stuck_total',
      help: 'Times a run came to need a person',
      labelNames: ['service'],
      registers,
    }),
    abortToRestored: new Histogram({
      name: 'cutover_abort_to_restored_seconds',
      help: 'From the reason to go back until every target is restored and verified',
      labelNames: ['cause'],
      buckets: RESTORE_SECONDS,
      registers,
    }),
    holdsOpen: openRuns(
      'cutover_holds_open',
      'Runs that hold now, as the Temporal server lists them',
      'holding',
    ),
    runsStuck: openRuns(
      'cutover_runs_stuck',
      'Runs that need a person now, as the Temporal server lists them',
      'stuck',
    ),
  }
}
