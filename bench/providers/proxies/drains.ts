// What a side has in flight, from the moment its weight is 0 until it is counted as nothing: by the provider and by the raw question, in
// turns, beside the moment at which the last slow request really ended. A count that says nothing too early is no measurement.
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../lab/until.ts'
import { type Row, inMs, spreadOf } from '../../report/row.ts'
import { type Writer, byProvider, io } from '../calls.ts'
import type { Edge, ProxyName } from './edges.ts'
import { ratio } from './moves.ts'
import { SLOW, type Side } from './sides.ts'

const SLOW_REQUESTS = 5
const FIRST_ENDS_MS = 200 // users have left by then
const EVERY_MS = 100 // then one of them ends
const LOOK_MS = 10 // between two counts; a drain step looks every few seconds
const SLOW_MS_MAX = 20_000
const ZERO_MS_MAX = 20_000

type Drain = { drainMs: number; endedMs: number; failed: number }
type Count = () => Promise<number>

/** null: the proxy counts nothing in flight. */
export async function drainsInTurns(
  name: ProxyName,
  { edge, old }: { edge: Edge; old: Side },
  of: { turns: number; onTurn(turn: number): void },
): Promise<Row | null> {
  const { port, raw, url } = edge
  const { inFlight } = raw
  if (port.inFlight === undefined || inFlight === undefined) return null
  const counts: { ours: Count; raw: Count } = {
    ours: async () => (await port.inFlight!('old', io())).count,
    raw: inFlight,
  }
  const drains: { ours: Drain[]; raw: Drain[] } = { ours: [], raw: [] }
  const write = byProvider(port)
  for (let turn = 0; turn < of.turns; turn++) {
    of.onTurn(turn)
    for (const by of ['ours', 'raw'] as const)
      drains[by].push(await drained({ url, old, write, count: counts[by] }))
  }
  return rowOf(name, drains)
}

async function drained(of: { url: string; old: Side; write: Writer; count: Count }): Promise<Drain> {
  const { url, old, write, count } = of
  await write(0)
  const slow = Array.from({ length: SLOW_REQUESTS }, () => askSlow(`${url}${SLOW}`))
  await until('the slow requests are open', () => old.held() === SLOW_REQUESTS)
  await until('they are counted', async () => (await count()) >= SLOW_REQUESTS)
  await write(100)
  const from = Date.now()
  const ending = letGo(old)
  const zeroAt = await zeroOf(count, old)
  const endedAt = await ending
  const failed = (await Promise.all(slow)).filter((side) => side !== 'old').length
  return { drainMs: zeroAt - from, endedMs: endedAt - from, failed }
}

async function letGo(old: Side): Promise<number> {
  await sleep(FIRST_ENDS_MS)
  let at = old.letOneGo()
  for (let ended = 1; ended < SLOW_REQUESTS; ended++) {
    await sleep(EVERY_MS)
    at = old.letOneGo()
  }
  return at
}

async function zeroOf(count: Count, old: Side): Promise<number> {
  const end = Date.now() + ZERO_MS_MAX
  while (Date.now() < end) {
    const isZero = (await count()) === 0
    const [at, held] = [Date.now(), old.held()]
    if (isZero && held > 0)
      throw new Error(`nothing was counted in flight while ${held} requests had not ended`)
    if (isZero) return at
    await sleep(LOOK_MS)
  }
  throw new Error(`${ZERO_MS_MAX / 1_000} s after the last one ended, requests are still counted in flight`)
}

/** Who answered; empty when nobody did. */
async function askSlow(url: string): Promise<string> {
  const headers = { connection: 'close' }
  return await fetch(url, { headers, signal: AbortSignal.timeout(SLOW_MS_MAX) }).then(
    async (answer) =>
      (await answer.text()) === 'ok' && answer.ok ? (answer.headers.get('x-side') ?? '') : '',
    () => '',
  )
}

function rowOf(name: ProxyName, { ours, raw }: { ours: Drain[]; raw: Drain[] }): Row {
  const of = (all: Drain[], figure: (drain: Drain) => number) => spreadOf(all.map(figure))
  const drain = of(ours, ({ drainMs }) => drainMs)
  const ended = of(ours, ({ endedMs }) => endedMs)
  const rawDrain = of(raw, ({ drainMs }) => drainMs)
  const behind = ({ drainMs, endedMs }: Drain) => drainMs - endedMs
  const failed = [...ours, ...raw].reduce((sum, each) => sum + each.failed, 0)
  return {
    measure: `weight 0 -> nothing counted in flight, traffic/${name}`,
    target: { figure: 'failed', is: failed, max: 0, unit: '' },
    ratios: {
      ...ratio('drainP50ToEnded', drain.p50, ended.p50),
      ...ratio('drainP50ToRaw', drain.p50, rawDrain.p50),
    },
    figures: {
      samples: drain.samples,
      ...inMs('drain', drain),
      ...inMs('lastEnded', ended),
      ...inMs('behind', of(ours, behind)),
      ...inMs('rawDrain', rawDrain),
      ...inMs('rawBehind', of(raw, behind)),
      slowRequests: (ours.length + raw.length) * SLOW_REQUESTS,
      failedRequests: failed,
    },
  }
}
