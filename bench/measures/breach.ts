// A guard's breach -> old traffic restored, from the moment at which the new side begins to fail. Held against what nobody
// can undercut: the checks the runbook asks for, an abort, and a second for the metrics to show it.
import { openWorld } from '../../activities/sim/world.ts'
import { startLoad } from '../../lab/load.ts'
import { Hopeless, until } from '../../lab/until.ts'
import type { Ground } from '../ground/ground.ts'
import { type BenchRun, begin, bounded } from '../ground/run.ts'
import { WINDOW, heldAt, onBalancer, simulated } from '../ground/runbooks.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'

const SIMULATED = 20 // runs whose new side fails at one moment, their looks spread over the interval
const STARTS_AT_ONCE = 10 // more would only queue on the server
const REAL = 6 // breaches on HAProxy; each takes a run of its own
const RATE = 400 // requests per second: errors show in the first scrape
const LOAD_SECONDS_MAX = 300
const FAILING = 0.2 // far above 0.5 %
const INTERVAL_MS = 1_000
const CHECKS = 3 // as the runbooks say: 3 in a row
const GOOD_MS_MAX = 30_000 // rates need a few scrapes; longer is a fault
const GOOD = /[1-9]\d* of \d+ good/ // how a watch says it
const METRICS_MS = 1_000 // what the metrics may take to show it

/** `abortMs`: p99 of an abort as measured before; 0 = not measured, which makes the bound stricter. */
export async function breachSimulated({ client }: Ground, abortMs: number): Promise<Row[]> {
  const names = Array.from({ length: SIMULATED }, (_, number) => `breach-${number}`)
  const runs = await bounded(names, STARTS_AT_ONCE, async (service) => {
    const run = await begin(client, simulated({ service, world: service, every: '1s' }))
    await run.holds(50)
    await hasBeenGood(run)
    return run
  })
  const from = Date.now()
  for (const name of names) openWorld(name).set({ new: { errorRatio: FAILING } })
  const took = await Promise.all(runs.map((run) => restoredAfter(run, from)))
  return [rowOf('breach -> restored, simulated world, guard at 1 s, 3 in a row', took, { abortMs })]
}

export async function breachOnHaproxy({ lab, client }: Ground, abortMs: number): Promise<Row[]> {
  const { url } = lab.addresses.haproxy
  const load = await startLoad({ target: { url }, ratePerSecond: RATE, secondsMax: LOAD_SECONDS_MAX })
  const took: number[] = []
  try {
    for (let number = 0; number < REAL; number++) {
      const service = `breach-real-${number}`
      const run = await begin(
        client,
        onBalancer(lab.addresses, { service, edge: 'haproxy', steps: heldAt('50%') }),
      )
      await run.holds(50)
      await hasBeenGood(run)
      const from = Date.now()
      await lab.fleets.new.inject({ errorRatio: FAILING })
      took.push(await restoredAfter(run, from))
      await lab.fleets.new.heal()
      await isForgotten(lab.addresses.prometheus.url)
    }
  } finally {
    await lab.fleets.new.heal()
  }
  const { sent, failed, injected } = await load.stop()
  const measure = 'breach -> restored, HAProxy and Prometheus, guard at 1 s, 3 in a row'
  return [rowOf(measure, took, { abortMs, requests: sent, injectedErrors: injected, failedRequests: failed })]
}

/** The watch has seen the side serve well, as it has before any real breach. */
async function hasBeenGood({ handle, state }: BenchRun): Promise<void> {
  await until(
    `${handle.workflowId} has good checks`,
    async () => {
      const { reason } = await state()
      if (reason !== null) throw new Hopeless(`it is going back already: ${JSON.stringify(reason)}`)
      const { raw } = await handle.describe()
      return (raw.pendingActivities ?? []).some(({ lastFailure }) => GOOD.test(lastFailure?.message ?? ''))
    },
    GOOD_MS_MAX,
  )
}

/** Errors of the run before must have left the window of the guard's query. */
async function isForgotten(prometheusUrl: string): Promise<void> {
  const query = encodeURIComponent(`sum(increase(http_requests_total{status=~"5.."}[${WINDOW}]))`)
  const ask = async () => {
    const answer = (await (await fetch(`${prometheusUrl}/api/v1/query?query=${query}`)).json()) as Answer
    return Number(answer.data.result[0]?.value[1] ?? 0) === 0
  }
  await until('the errors have left the metrics', ask, GOOD_MS_MAX)
}

type Answer = { data: { result: { value: [number, string] }[] } }

async function restoredAfter(run: BenchRun, from: number): Promise<number> {
  const outcome = await run.outcome()
  const { completed } = await run.restored()
  if (outcome !== 'restored' || completed === null) throw new Error(`${run.service} ended ${outcome}`)
  return completed - from
}

function rowOf(measure: string, took: number[], more: { abortMs: number } & { [name: string]: number }): Row {
  const spread = spreadOf(took)
  const { abortMs, ...counted } = more
  const boundMs = CHECKS * INTERVAL_MS + abortMs + METRICS_MS
  const share = rounded(spread.p99 / boundMs)
  return {
    measure,
    target: { figure: 'p99 / bound', is: share, max: 1, unit: 'x' },
    ratios: { p50: rounded(spread.p50 / boundMs), p99: share },
    figures: { samples: spread.samples, ...inMs('restored', spread), boundMs: rounded(boundMs), ...counted },
  }
}
