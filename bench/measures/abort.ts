// abort -> old traffic restored and verified, against the floor: the same signal, one empty activity and the raw write.
// Each abort is measured right beside its floor, so that both see the same machine.
import type { WorkflowHandle } from '@temporalio/client'
import { openWorld } from '../../activities/sim/world.ts'
import { startLoad } from '../../lab/load.ts'
import { type RawWrite, startFloor } from '../floor/floor.ts'
import type { Ground } from '../ground/ground.ts'
import { momentsOf } from '../ground/moments.ts'
import { type BenchRun, begin, bounded } from '../ground/run.ts'
import { heldAt, onBalancer, simulated } from '../ground/runbooks.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'

const SINGLE = 30 // aborts of one run on HAProxy; each takes a run of its own
const WARM_UP = 3 // first calls compile and connect; they are made and not counted
const IN_FLIGHT = 100
const ONE_BY_ONE = 60 // aborted one after the other while a hundred hold
const STARTS_AT_ONCE = 20 // more would only queue on the server
const RATE = 100 // requests per second: the edge serves somebody, and leaves the cores to what is measured
const LOAD_SECONDS_MAX = 300
const TARGET = 1.5 // design: p99 of the abort within 1.5 times that of the floor
const EVERY = '10s'

type Pair = { abort: Sample; floor: Sample }
type Sample = { totalMs: number; toWorkerMs: number; inActivityMs: number; tasks: number }

/** One run at a time on the real HAProxy. */
export async function abortOnHaproxy({ lab, client }: Ground): Promise<Row[]> {
  const { socket, backend, servers, url } = lab.addresses.haproxy
  const load = await startLoad({ target: { url }, ratePerSecond: RATE, secondsMax: LOAD_SECONDS_MAX })
  const pairs: Pair[] = []
  const raw: RawWrite = {
    socket,
    backend,
    weights: [
      [servers.old, 100],
      [servers.new, 0],
    ],
  }
  for (let number = 0; number < SINGLE + WARM_UP; number++) {
    const text = onBalancer(lab.addresses, {
      service: `abort-${number}`,
      edge: 'haproxy',
      steps: heldAt('25%'),
    })
    const run = await begin(client, text)
    await run.holds(25)
    const toGo = await startFloor(client, { id: `haproxy-${number}`, raw })
    const pair = { floor: await floorOnce(toGo, 'go'), abort: await abortOnce(run) }
    if (number >= WARM_UP) pairs.push(pair)
  }
  const { failed, sent } = await load.stop()
  return [
    rowOf('abort -> restored and verified, HAProxy, one run', pairs, {
      requests: sent,
      failedRequests: failed,
    }),
  ]
}

/** A hundred runs hold on the simulated world: one after the other is aborted, then a hundred at the same moment. */
export async function abortInFlight({ client }: Ground): Promise<Row[]> {
  const names = Array.from({ length: IN_FLIGHT + ONE_BY_ONE }, (_, number) => `flight-${number}`)
  const runs = await bounded(names, STARTS_AT_ONCE, async (service) => {
    openWorld(service)
    const run = await begin(client, simulated({ service, world: service, every: EVERY }))
    await run.holds(50)
    return run
  })
  const floors = await bounded(names, STARTS_AT_ONCE, (id) => startFloor(client, { id }))
  const pairs: Pair[] = []
  for (const [index, run] of runs.slice(0, ONE_BY_ONE).entries()) {
    const pair = {
      floor: await floorOnce(floors[index] as WorkflowHandle, 'go'),
      abort: await abortOnce(run),
    }
    if (index >= WARM_UP) pairs.push(pair)
  }
  const atOnce = {
    floors: await Promise.all(floors.slice(ONE_BY_ONE).map((handle) => floorOnce(handle, 'go'))),
    aborts: await Promise.all(runs.slice(ONE_BY_ONE).map(abortOnce)),
  }
  return [
    rowOf(`abort -> restored and verified, ${IN_FLIGHT} runs in flight, one by one`, pairs, {}),
    rowOf(
      `abort -> restored and verified, all ${IN_FLIGHT} at the same moment`,
      atOnce.aborts.map((abort, index) => ({ abort, floor: atOnce.floors[index] as Sample })),
      {},
    ),
  ]
}

async function floorOnce(handle: WorkflowHandle, signal: string): Promise<Sample> {
  const from = Date.now()
  await handle.signal(signal)
  await handle.result()
  return sampleOf(from, await momentsOf(handle, 'write'))
}

async function abortOnce(run: BenchRun): Promise<Sample> {
  const from = await run.abort()
  const outcome = await run.outcome()
  if (outcome !== 'restored') throw new Error(`${run.service} ended ${outcome} after its abort`)
  return sampleOf(from, await run.restored())
}

function sampleOf(from: number, moments: Awaited<ReturnType<BenchRun['restored']>>): Sample {
  const { scheduled, started, completed, tasks } = moments
  if (scheduled === null || started === null || completed === null)
    throw new Error('the history holds no finished write after the signal')
  return { totalMs: completed - from, toWorkerMs: scheduled - from, inActivityMs: completed - started, tasks }
}

function rowOf(measure: string, pairs: Pair[], counted: { [name: string]: number }): Row {
  const of = (pick: (pair: Pair) => number) => spreadOf(pairs.map(pick))
  const [abort, floor] = [of((pair) => pair.abort.totalMs), of((pair) => pair.floor.totalMs)]
  const ratio = rounded(abort.p99 / floor.p99)
  return {
    measure,
    target: { figure: 'p99 / floor p99', is: ratio, max: TARGET, unit: 'x' },
    ratios: { p50: rounded(abort.p50 / floor.p50), p99: ratio },
    figures: {
      samples: abort.samples,
      ...inMs('abort', abort),
      ...inMs('floor', floor),
      ...inMs(
        'abortToScheduled',
        of((pair) => pair.abort.toWorkerMs),
      ),
      ...inMs(
        'floorToScheduled',
        of((pair) => pair.floor.toWorkerMs),
      ),
      ...inMs(
        'restoreActivity',
        of((pair) => pair.abort.inActivityMs),
      ),
      ...inMs(
        'floorActivity',
        of((pair) => pair.floor.inActivityMs),
      ),
      workflowTasksMax: Math.max(...pairs.map((pair) => pair.abort.tasks)),
      ...counted,
    },
  }
}
