// The worker's metrics. Durations and counts come from runs through the sink; how many runs hold or are stuck is asked of
// the Temporal server when scraped, so that it is right after a restart and the same on every worker.
import type { GaugeConfiguration } from 'prom-client'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const WAIT_SECONDS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400, 604_800] // gates wait for seconds or for days
const RESTORE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 60, 300] // the promise is below 4 s

/** Counts open runs in a phase; null = the server did not say. */
export type CountRuns = (phase: 'holding' | 'stuck') => Promise<number | null>

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics(countRuns: CountRuns) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const shared = (name: string, help: string) => ({ name, help, registers: [registry] })
  const counter = <L extends string>(name: string, labelNames: L[], help: string) =>
    new Counter({ ...shared(name, help), labelNames })
  const histogram = <L extends string>(
    name: string,
    labels: { labelNames: L[]; buckets: number[] },
    help: string,
  ) => new Histogram({ ...shared(name, help), ...labels })
  const waits = { labelNames: ['service', 'kind'] as ('service' | 'kind')[], buckets: WAIT_SECONDS }
  const restores = { labelNames: ['cause'] as 'cause'[], buckets: RESTORE_SECONDS }
  const openRuns = (phase: 'holding' | 'stuck') => ({
    collect: (gauge: Gauge) => collectCount(gauge, countRuns(phase)),
  })
  return {
    registry,
    gateWait: histogram('cutover_gate_wait_seconds', waits, 'How long a gate waited for its answer'),
    stepDuration: histogram('cutover_step_duration_seconds', waits, 'How long a step took, by its kind'),
    abortToRestored: histogram(
      'cutover_abort_to_restored_seconds',
      restores,
      'From the reason to go back until every target is restored and verified',
    ),
    weight: new Gauge({
      ...shared('cutover_weight', 'Share of the traffic in percent, as last verified by this worker'),
      labelNames: ['service', 'connection', 'side'],
    }),
    changes: counter('cutover_changes_total', ['service', 'connection'], 'Changes applied and verified'),
    unwinds: counter('cutover_unwinds_total', ['service', 'cause'], 'Runs that went back, by cause'),
    mirrorMissed: counter(
      'cutover_mirror_missed_total',
      [],
      'Looks at which a run, or all of them, could not be shown in Kubernetes',
    ),
    holds: counter('cutover_holds_total', ['service'], 'Holds begun'),
    stuck: counter('cutover_stuck_total', ['service'], 'Times a run came to need a person'),
    holdsOpen: asked(
      shared('cutover_holds_open', 'Runs that hold now, as the Temporal server lists them'),
      openRuns('holding'),
    ),
    runsStuck: asked(
      shared('cutover_runs_stuck', 'Runs that need a person now, as the Temporal server lists them'),
      openRuns('stuck'),
    ),
  }
}

/** A gauge whose value is asked for when it is scraped. */
function asked(
  shared: GaugeConfiguration<string>,
  { collect }: { collect(gauge: Gauge): Promise<void> },
): Gauge {
  return new Gauge({
    ...shared,
    async collect() {
      await collect(this)
    },
  })
}

async function collectCount(gauge: Gauge, counting: Promise<number | null>): Promise<void> {
  const count = await counting
  if (count === null) gauge.remove() // no number is better than an old one
  else gauge.set(count)
}
