// What watching a run costs: while nothing happens no worker is asked for the same state again and again, and ten who watch
// in one process cost the server what one costs. All of them see every change.
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Feed, feedOf } from '../../view/feed.ts'
import { follow } from '../../view/follow.ts'
import type { RunView } from '../../view/model.ts'
import { type Bench, openBench } from './bench.ts'
import { brief } from './runbooks.ts'

const WATCHED_MS = 10_000
let bench: Bench
let connection: Connection
const calls: { [name: string]: number } = {}

beforeAll(async () => {
  bench = await openBench()
  connection = await Connection.connect({
    address: bench.env.address,
    interceptors: [
      (options, next) => {
        const name = options.method_definition.path.replace(/.*\//, '')
        calls[name] = (calls[name] ?? 0) + 1
        return next(options) as never
      },
    ],
  })
})
afterAll(async () => {
  await connection?.close()
  await bench?.close()
})

const access = () => ({ client: new Client({ connection }), address: '', namespace: 'default' })
const holding = async () => {
  const run = await bench.begin((names) => brief(names, { hold: '5m' }))
  // The first weight: the wait for instances before it holds for a moment only.
  await run.until('holds', ({ phase, weights }) => phase === 'holding' && weights['edge']?.new === 10)
  return run
}

/** Calls to the server while this goes on. */
async function costOf(
  watching: (signal: AbortSignal) => Promise<unknown>,
): Promise<{ all: number; queries: number }> {
  for (const name of Object.keys(calls)) delete calls[name]
  await watching(AbortSignal.timeout(WATCHED_MS))
  const all = Object.values(calls).reduce((sum, count) => sum + count, 0)
  return { all, queries: calls['QueryWorkflow'] ?? 0 }
}

/** What a reader knows in the end who asks for what has changed, again and again. */
async function read(feed: Feed, signal: AbortSignal): Promise<{ view: Partial<RunView>; wholes: number }> {
  let view: Partial<RunView> = {}
  let version: string | null = null
  let wholes = 0
  for (;;) {
    const news = await feed.since(version, signal)
    if (news === undefined) return { view, wholes }
    version = news.version
    wholes += news.isWhole ? 1 : 0
    view = { ...view, ...news.changed }
    if (news.isLast) return { view, wholes }
  }
}

test('ten who watch cost what one costs, and a run in which nothing happens is hardly asked', async () => {
  const run = await holding()
  const { service } = run
  const quiet = { isLast: () => false, seen() {}, lost() {}, progress() {} }
  const alone = await costOf((signal) => follow(access(), { ...quiet, service, signal }))
  const feed = feedOf(access(), { service })
  const ten = await costOf((signal) => Promise.all(Array.from({ length: 10 }, () => read(feed, signal))))
  process.stderr.write(
    `in ${WATCHED_MS / 1_000} s: one ${JSON.stringify(alone)}, ten ${JSON.stringify(ten)}\n`,
  )
  expect(alone.queries, 'a worker is asked when something has happened, and now and then').toBeLessThan(
    alone.all / 3,
  )
  expect(ten.all, 'one reader for all of them').toBeLessThan(alone.all * 2)
  await run.abort()
  await run.ended()
})

test('everybody sees every change to the end, and is sent what has changed only', async () => {
  const run = await holding()
  const feed = feedOf(access(), { service: run.service })
  const signal = AbortSignal.timeout(60_000)
  const readers = Array.from({ length: 3 }, () => read(feed, signal))
  const first = await feed.since(null, signal)
  expect(first).toMatchObject({
    isWhole: true,
    isLast: false,
    changed: { service: run.service, phase: 'holding' },
  })
  await run.abort('enough')
  await run.ended()
  const seen = await Promise.all(readers)
  for (const { view, wholes } of seen) {
    expect(wholes).toBe(1)
    expect(view).toMatchObject({ outcome: 'restored', phase: 'ended', reason: { kind: 'abort' } })
    expect(view).toEqual(seen[0]?.view)
  }
  const rest = await feed.since(first?.version ?? null, signal)
  expect(rest).toMatchObject({ isWhole: false, isLast: true, changed: { outcome: 'restored' } })
  expect(rest?.changed).not.toHaveProperty('service')
  expect(await feed.since('of another feed.3', signal)).toMatchObject({
    isWhole: true,
    changed: { service: run.service },
  })
})

test('who asks for a run that is not there is told so, each time', async () => {
  const feed = feedOf(access(), { service: 'nobody' })
  for (let time = 0; time < 2; time++) {
    await expect(feed.since(null, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      facts: { code: 'no-run' },
    })
  }
  expect(await feed.since(null, AbortSignal.abort())).toBeUndefined()
})
