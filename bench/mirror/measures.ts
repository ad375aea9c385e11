// The measures of the mirror, in the order in which one thousand runs can go through them: what they cost unshown, the first showing,
// what it costs while nothing happens, how late an object is, and the same behind each trouble.
import { setTimeout as wait } from 'node:timers/promises'
import { until } from '../../lab/until.ts'
import { bounded, begin, type BenchRun } from '../ground/run.ts'
import { simulated } from '../ground/runbooks.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'
import type { MirrorGround, Spent } from './ground.ts'

const STARTS_AT_ONCE = 10 // more would only queue on the server
const SETTLE_MS = 20_000 // two rounds of looks of the guards
const QUIET_MS = 60_000 // six rounds
const CHANGES = 8 // runs that are turned back, one after the other
const LOOK_MS = 50 // between looks at an object
const COUNT_MS = 1_000 // between looks at all of them
const SHOWN_MS_MAX = 600_000 // what is not shown by then is a fault
const DOWN_MS = 60_000
const LOOK_EVERY = '10s' // of the guards
const SECOND_MS = 1_000

export async function* mirrorRows(ground: MirrorGround, count: number): AsyncGenerator<Row> {
  const names = Array.from({ length: count }, (_, number) => `shown-${number}`)
  const runs = await bounded(names, STARTS_AT_ONCE, (service) =>
    begin(ground.client, simulated({ service, world: service, every: LOOK_EVERY })),
  )
  await until('all runs hold', async () => (await holding(ground)) >= count, SHOWN_MS_MAX)
  await wait(SETTLE_MS)
  yield { ...(await quiet(ground)), measure: `${count} runs hold, not shown` }
  yield await filled(ground, count)
  await wait(SETTLE_MS)
  yield { ...(await quiet(ground)), measure: `${count} runs hold, shown, nothing happens` }
  const changing = runs.values()
  const next = (): BenchRun[] => Array.from({ length: CHANGES }, () => changing.next().value as BenchRun)
  yield await late(ground, next(), 'end of a run -> its object says so')
  yield await restarted(ground, next())
  yield await troubled(ground, next(), {
    measure: 'API server down for a minute, then up',
    begin: () => ground.kubernetes.server.kill(),
    end: () => ground.kubernetes.server.start(),
  })
  const { front } = ground
  yield await troubled(ground, next(), {
    measure: 'every request answered with 429 for a minute, then none',
    begin: async () => void (front.throttles = true),
    end: async () => void (front.throttles = false),
  })
}

async function holding({ client }: MirrorGround): Promise<number> {
  const query = 'CutoverPhase = "holding" AND ExecutionStatus = "Running"'
  return (await client.workflow.count(query)).count
}

/** Shares of one core and requests a second, while only guards look. */
async function quiet(ground: MirrorGround): Promise<Pick<Row, 'target' | 'ratios' | 'figures'>> {
  const from = await ground.spent()
  await wait(QUIET_MS)
  return spentSince(from, await ground.spent())
}

function spentSince(from: Spent, to: Spent): Pick<Row, 'target' | 'ratios' | 'figures'> {
  const per = (field: keyof Spent): number => rounded((to[field] - from[field]) / (to.at - from.at))
  const seconds = (to.at - from.at) / SECOND_MS
  return {
    target: null,
    ratios: {
      workerShareOfOneCore: per('workerMs'),
      apiServerShareOfOneCore: per('apiServerMs'),
      temporalShareOfOneCore: per('temporalMs'),
    },
    figures: {
      seconds: rounded(seconds),
      readsPerSecond: rounded((to.reads - from.reads) / seconds),
      writesPerSecond: rounded((to.writes - from.writes) / seconds),
    },
  }
}

/** A new worker knows no run: each is carried out again from its history when it is asked. */
async function filled(ground: MirrorGround, count: number): Promise<Row> {
  await ground.beginWorker(true)
  const from = await ground.spent()
  await until('every run is shown', async () => await isAllShown(ground, count), SHOWN_MS_MAX)
  const spent = spentSince(from, await ground.spent())
  return { ...spent, measure: `a worker that shows runs is started: all ${count} objects are there` }
}

/** A list of a thousand objects is work for the API server that is measured: seldom. */
async function isAllShown({ count }: MirrorGround, wanted: number): Promise<boolean> {
  await wait(COUNT_MS)
  return (await count()) >= wanted
}

/** From the end of a run, by the server's clock, to the moment at which its object says so. */
async function lateness({ shown }: MirrorGround, run: BenchRun): Promise<number> {
  await run.abort()
  await run.outcome()
  const { closeTime } = await run.handle.describe()
  await untilEnded(shown, run.service)
  return Date.now() - (closeTime?.getTime() ?? Number.NaN)
}

async function untilEnded(shown: MirrorGround['shown'], service: string): Promise<void> {
  const isShown = async (): Promise<boolean> => {
    await wait(LOOK_MS)
    return (await shown(service))?.phase === 'ended'
  }
  await until(`${service} is shown as ended`, isShown, SHOWN_MS_MAX)
}

async function late(ground: MirrorGround, runs: BenchRun[], measure: string): Promise<Row> {
  const from = await ground.spent()
  const times: number[] = []
  for (const run of runs) times.push(await lateness(ground, run))
  const { figures, ...spent } = spentSince(from, await ground.spent())
  const spread = spreadOf(times)
  return { measure, ...spent, figures: { ...figures, ...inMs('late', spread), lateMaxMs: spread.max } }
}

/** Killed, and another one started at once; the runs that end meanwhile are those of people who do not wait for it. */
async function restarted(ground: MirrorGround, runs: BenchRun[]): Promise<Row> {
  await ground.worker.server.kill()
  await ground.worker.server.start()
  return await late(
    ground,
    runs,
    'the worker was killed and started anew: end of a run -> its object says so',
  )
}

type Trouble = { measure: string; begin(): Promise<void>; end(): Promise<void> }

async function troubled(ground: MirrorGround, runs: BenchRun[], trouble: Trouble): Promise<Row> {
  await trouble.begin()
  const from = { ms: ground.workerMs(), asked: ground.front.asked, at: performance.now() }
  const restoredMs: number[] = []
  for (const run of runs) {
    const abortedAt = await run.abort()
    await run.outcome()
    restoredMs.push(Date.now() - abortedAt)
  }
  await wait(DOWN_MS)
  const workerShareOfOneCore = rounded((ground.workerMs() - from.ms) / (performance.now() - from.at))
  const requests = ground.front.asked - from.asked
  await trouble.end()
  const over = Date.now()
  for (const { service } of runs) await untilEnded(ground.shown, service)
  return {
    measure: trouble.measure,
    target: null,
    ratios: { workerShareOfOneCore },
    figures: {
      ...inMs('abortToEnd', spreadOf(restoredMs)),
      allShownMs: Date.now() - over,
      requestsMeanwhile: requests,
      runs: runs.length,
    },
    note: 'abortToEnd: runs that are turned back meanwhile; allShown: from the end of the trouble until all of them are shown as ended',
  }
}
