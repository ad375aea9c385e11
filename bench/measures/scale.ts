// A thousand runs that hold at once, each watched every ten seconds, on one worker process: what each costs in memory and
// all of them in processor time; then all of them are aborted at the same moment.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Client } from '@temporalio/client'
import { until } from '../../lab/until.ts'
import { startFloor } from '../floor/floor.ts'
import type { Ground } from '../ground/ground.ts'
import { type Moments, momentsOf } from '../ground/moments.ts'
import { type BenchRun, begin, bounded } from '../ground/run.ts'
import { simulated } from '../ground/runbooks.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'
import type { Reading } from '../scale/process.ts'
import { milliseconds } from '../../workflows/quantities.ts'

const PROGRAM = fileURLToPath(new URL('../scale/process.ts', import.meta.url))
const RUNS = 1_000
const STARTS_AT_ONCE = 10 // more would only queue on the server
const ABORTS_AT_ONCE = 200 // calls under way at one moment; more than the server takes in anyway
const READS_AT_ONCE = 20 // histories read afterwards
const CACHED = 2_000 // every run stays in memory
const START_MS_MAX = 600_000 // a thousand starts, each with its lock, on a busy machine
const ABORT_MS_MAX = 300_000 // fifteen times the target: what is not back by then is reported as such
const COUNT_EVERY_MS = 1_000 // the server has better things to do meanwhile
const SETTLE_MS = 20_000 // two rounds of looks: starting is over and collected
const LOOK_EVERY = '10s'
const HOLD_MS = 60_000 // six rounds of looks, for the share of the cores
const KIB = 1024
const HEAP_KIB_MAX = 100
const SECONDS_MAX = 20

export async function scale({ lab, client, serverSpentMs }: Ground): Promise<Row[]> {
  const child = await startWorker(lab.addresses.temporal.address)
  try {
    const empty = await ask(child)
    const names = Array.from({ length: RUNS }, (_, number) => `scale-${number}`)
    const runs = await bounded(names, STARTS_AT_ONCE, (service) =>
      begin(client, simulated({ service, world: service, every: LOOK_EVERY })),
    )
    await until('all runs hold', async () => (await count(client, 'holding')) >= RUNS, START_MS_MAX)
    await wait(SETTLE_MS)
    const from = await ask(child)
    const serverFrom = { ms: serverSpentMs(), at: performance.now() }
    await wait(HOLD_MS)
    const serverTo = { ms: serverSpentMs(), at: performance.now() }
    const to = await ask(child)
    const aborted = await abortAll(client, runs)
    child.send('floor')
    await once(child, 'message')
    const server = shareOf(serverFrom, serverTo)
    return [holdingRow({ empty, from, to, server }), abortedRow(aborted, await bareThousand(client))]
  } finally {
    child.send('stop')
    await once(child, 'exit')
  }
}

async function startWorker(address: string): Promise<ChildProcess> {
  const child = fork(PROGRAM, [address, String(CACHED)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess): Promise<Reading> {
  child.send('read')
  const [reading] = (await once(child, 'message')) as [Reading]
  return reading
}

type SpentAt = { ms: number | null; at: number }

/** Of one core; null where nobody knows. */
function shareOf(from: SpentAt, to: SpentAt): number | null {
  return from.ms === null || to.ms === null ? null : rounded((to.ms - from.ms) / (to.at - from.at))
}

type HoldReadings = { empty: Reading; from: Reading; to: Reading; server: number | null }

function holdingRow({ empty, from, to, server }: HoldReadings): Row {
  const perRun = (of: (reading: Reading) => number) => rounded((of(to) - of(empty)) / RUNS / KIB)
  const heap = perRun(({ runsHeapBytes }) => runsHeapBytes)
  return {
    measure: `${RUNS} runs hold at once, watched every 10 s: heap of each`,
    target: { figure: 'heap', is: heap, max: HEAP_KIB_MAX, unit: ' KiB' },
    ratios: {
      shareOfOneCore: rounded((to.begin.cpuMs - from.end.cpuMs) / (to.begin.at - from.end.at)),
      ...(server !== null && { serverShareOfOneCore: server }),
    },
    figures: {
      runs: RUNS,
      heapPerRunKib: heap,
      worldsHeapPerRunKib: perRun(({ mainHeapBytes }) => mainHeapBytes),
      residentPerRunKib: perRun(({ rssBytes }) => rssBytes),
      residentMib: Math.round(to.rssBytes / KIB / KIB),
    },
    note: 'heap: the thread in which runs live; worlds: the simulated worlds and everything else; server: Temporal and its database',
  }
}

type Restored = { lastSignalMs: number; restoredMs: number[]; inActivityMs: number[] }

async function abortAll(client: Client, runs: BenchRun[]): Promise<Restored> {
  const from = Date.now()
  await bounded(runs, ABORTS_AT_ONCE, (run) => run.abort())
  const lastSignalMs = Date.now() - from
  await until('all runs have ended', async () => (await count(client, 'ended')) >= RUNS, ABORT_MS_MAX).catch(
    () => undefined, // how many were late is a figure, below
  )
  const moments = await bounded(runs, READS_AT_ONCE, (run) => run.restored())
  return { lastSignalMs, ...since(from, moments) }
}

/** As many workflows that only wait and look, as often; one signal, one empty activity: what Temporal alone needs here. */
async function bareThousand(client: Client): Promise<Restored> {
  const names = Array.from({ length: RUNS }, (_, number) => `scale-${number}`)
  const floors = await bounded(names, STARTS_AT_ONCE, (id) =>
    startFloor(client, { id, lookEveryMs: milliseconds(LOOK_EVERY) }),
  )
  await wait(SETTLE_MS)
  const from = Date.now()
  await bounded(floors, ABORTS_AT_ONCE, (handle) => handle.signal('go'))
  const lastSignalMs = Date.now() - from
  await Promise.all(floors.map((handle) => handle.result()))
  const moments = await bounded(floors, READS_AT_ONCE, (handle) => momentsOf(handle, 'write'))
  return { lastSignalMs, ...since(from, moments) }
}

function since(from: number, moments: Moments[]): Omit<Restored, 'lastSignalMs'> {
  const done = moments.flatMap(({ started, completed }) =>
    started === null || completed === null ? [] : [{ started, completed }],
  )
  return {
    restoredMs: done.map(({ completed }) => completed - from),
    inActivityMs: done.map(({ started, completed }) => completed - started),
  }
}

function abortedRow({ restoredMs, inActivityMs, lastSignalMs }: Restored, bare: Restored): Row {
  const [spread, bareSpread] = [spreadOf(restoredMs), spreadOf(bare.restoredMs)]
  const isComplete = restoredMs.length === RUNS
  const seconds = rounded((isComplete ? spread.max : ABORT_MS_MAX) / 1_000)
  return {
    measure: `all ${RUNS} aborted at once -> traffic of all restored`,
    target: { figure: 'last', is: seconds, max: SECONDS_MAX, unit: ' s' },
    ratios: {
      lastToBareTemporal: rounded(spread.max / bareSpread.max),
      p50ToBareTemporal: rounded(spread.p50 / bareSpread.p50),
    },
    figures: {
      restoredRuns: restoredMs.length,
      ...inMs('restored', spread),
      ...inMs('bare', bareSpread),
      lastSignalMs,
      perSecond: rounded(restoredMs.length / seconds),
      ...inMs('restoreActivity', spreadOf(inActivityMs)),
    },
    ...(isComplete ? {} : { note: `${RUNS - restoredMs.length} were not restored when the measure gave up` }),
  }
}

/** By the server's own index, so that asking costs the worker nothing. */
async function count(client: Client, phase: string): Promise<number> {
  await wait(COUNT_EVERY_MS)
  return (await client.workflow.count(`CutoverPhase = '${phase}' AND CutoverService STARTS_WITH 'scale-'`))
    .count
}
