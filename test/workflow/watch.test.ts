// The watch under Temporal's real retries: counters carried from look to look, through backends and workers that end.
import { setTimeout as pause } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { World } from '../../activities/sim/world.ts'
import { forgetWorld, openWorld } from '../../activities/sim/world.ts'
import type { WatchMemory } from '../../activities/watch/counters.ts'
import type { ConfirmInput, WatchInput, WatchResult } from '../../workflows/activities.ts'
import type { PlannedConnection, PlannedGuard } from '../../workflows/plan.ts'
import { guardSubject } from '../../workflows/watched/guard.ts'
import type { Subject } from '../../workflows/watched/index.ts'
import { proofSubject } from '../../workflows/watched/proof.ts'
import type { Confirmation } from '../../workflows/ports/target.ts'
import { guardOf, watchOf } from '../unit/watch/subjects.ts'
import type { Bench } from './looking-bench.ts'
import { startBench } from './looking-bench.ts'

const WAIT_MS_MAX = 20_000 // a condition that is not met by then will not be
let bench: Bench
let cases = 0
beforeAll(async () => {
  bench = await startBench('./looking-workflows.ts')
})
afterAll(() => bench.close())

function newWorld(): { world: World; connection: PlannedConnection } {
  const name = `watched-${++cases}`
  forgetWorld(name)
  const connection = {
    name: 'prom',
    provider: 'metrics/sim',
    port: 'metrics',
    config: { world: name },
    landsWithin: '0s',
    showsWithin: '0s',
  } as const
  return { world: openWorld(name), connection }
}

const QUERY = 'error_ratio($side)'

function errors(connection: PlannedConnection, overrides: Partial<PlannedGuard> = {}): Subject {
  return guardSubject(guardOf({ query: QUERY, every: '100ms', ...overrides }), connection, 3)
}

async function start(input: WatchInput, openAfterMs: number | null, limitAfterMs: number | null = null) {
  const workflowId = `watching-${cases}`
  return await bench.client.workflow.start('watching', {
    workflowId,
    taskQueue: 'cutover',
    args: [input, openAfterMs, limitAfterMs],
  })
}

async function pending(
  handle: WorkflowHandle,
): Promise<{ attempt: number; words: string; stack: string; memory: WatchMemory | null }> {
  const { raw } = await handle.describe()
  const activity = raw.pendingActivities?.[0]
  const details = activity?.heartbeatDetails?.payloads?.[0]?.data
  return {
    attempt: activity?.attempt ?? 0,
    words: activity?.lastFailure?.message ?? '',
    stack: activity?.lastFailure?.stackTrace ?? '',
    memory: details ? (JSON.parse(Buffer.from(details).toString()) as WatchMemory) : null,
  }
}

async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const end = Date.now() + WAIT_MS_MAX
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > end) throw new Error(`not within ${WAIT_MS_MAX} ms; last seen: ${JSON.stringify(seen)}`)
    await pause(20)
  }
}

it('passes when the time is over and enough looks were good, without an event per look', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0.002 } }])
  const handle = await start(watchOf([errors(connection)]), 600)
  const result = (await handle.result()) as WatchResult
  expect(result.kind).toBe('passed')
  expect(result.readings['errors']?.length).toBeGreaterThanOrEqual(3)
  expect(result.readings['errors']?.at(-1)).toMatchObject({ verdict: 'good', text: '0.2 %, at most 0.5 %' })
  expect((await handle.fetchHistory()).events?.length).toBeLessThanOrEqual(11)
})

it('ends at the third bad look, with that look as evidence', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 1 }, fault: { reading: 0.001 } }])
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0.9 } }])
  const result = (await (await start(watchOf([errors(connection)]), 60_000)).result()) as WatchResult
  expect(result).toMatchObject({
    kind: 'breach',
    subject: 'errors',
    evidence: { verdict: 'bad', value: 0.9, text: '90 %, at most 0.5 %' },
  })
  expect(result.readings['errors']?.map(({ verdict }) => verdict)).toEqual(['good', 'bad', 'bad', 'bad'])
})

it('shows its present reading as the last failure, without a stack, and its counters as heartbeat details', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0.002 } }])
  const handle = await start(watchOf([errors(connection)]), 3_600_000)
  const seen = await until(
    () => pending(handle),
    ({ memory }) => (memory?.subjects['errors']?.goodInRow ?? 0) >= 2,
  )
  expect(seen.words).toMatch(
    /^errors 0\.2 %, at most 0\.5 %, \d of 3 good; at least until \d\d:\d\d:\d\d UTC$/,
  )
  expect(seen.stack).toBe('')
  expect(seen.memory?.subjects['errors']).toMatchObject({
    badInRow: 0,
    unknownSince: null,
    last: { verdict: 'good' },
  })
  await handle.terminate()
})

it('keeps its counters when the worker ends and another one goes on', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0.9 } }])
  const handle = await start(watchOf([errors(connection, { breach: '8 in a row' })]), 3_600_000)
  await until(
    () => pending(handle),
    ({ memory }) => (memory?.subjects['errors']?.badInRow ?? 0) >= 2,
  )
  await bench.worker.stop()
  const before = (await pending(handle)).memory?.subjects['errors']?.badInRow ?? 0
  bench.worker = await bench.another()
  const result = (await handle.result()) as WatchResult
  expect(before).toBeGreaterThanOrEqual(2)
  expect(result.kind).toBe('breach')
  const started = (await handle.fetchHistory()).events?.find(
    (event) => event.activityTaskStartedEventAttributes,
  )
  expect(started?.activityTaskStartedEventAttributes?.attempt).toBe(8) // not one look more than if nothing had happened
  expect(result.readings['errors']?.length).toBeGreaterThanOrEqual(8 - before) // and those that came with the heartbeat
})

it('is blind, not passed and not breached, when the backend is away for longer than its patience', async () => {
  const { world, connection } = newWorld()
  world.outage('metrics')
  const guard = errors(connection, { when_unknown: { for: '300ms', do: 'unwind' } })
  const result = (await (await start(watchOf([guard]), 0)).result()) as WatchResult
  expect(result).toMatchObject({
    kind: 'blind',
    subject: 'errors',
    act: 'unwind',
    evidence: { verdict: 'unknown', value: null },
  })
})

it('is bounded when the backend hangs: that look is unknown', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 1 }, fault: { hang: 60_000 } }])
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0 } }])
  const result = (await (await start(watchOf([errors(connection)]), 0)).result()) as WatchResult
  expect(result.kind).toBe('passed')
  expect(result.readings['errors']?.[0]).toMatchObject({
    verdict: 'unknown',
    text: 'unknown: no answer within 4s',
  })
})

it('goes on when the query is refused, says so, and asks after its limit', async () => {
  const { connection } = newWorld()
  const input = watchOf([errors(connection, { query: 'sum(nonsense)' })])
  const result = (await (await start(input, 0, 500)).result()) as WatchResult
  expect(result).toMatchObject({ kind: 'inconclusive' })
  expect(result.kind === 'inconclusive' && result.waitingFor[0]).toContain(
    'errors: 0 of 3 good, unknown: Rejected: ',
  )
})

it('passes a proof only after an unbroken stretch', async () => {
  const { world, connection } = newWorld()
  world.script([{ when: { port: 'metrics', verb: 'query', call: 3 }, fault: { reading: null } }])
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0 } }])
  const guard = guardOf({ name: 'idle', query: 'rate(old)', max: 0, every: '100ms' })
  const subject = proofSubject(guard, connection, 400)
  const result = (await (await start(watchOf([subject]), null)).result()) as WatchResult
  expect(result.kind).toBe('passed')
  const readings = result.readings['idle'] ?? []
  const broken = readings.findIndex(({ verdict }) => verdict === 'unknown')
  const [from, to] = [readings[broken + 1], readings.at(-1)].map((each) => Date.parse(each?.at ?? ''))
  expect(broken).toBe(2)
  expect((to ?? 0) - (from ?? 0)).toBeGreaterThanOrEqual(400) // its own stretch by its own readings, not a measured time
})

it('confirms by counting, from the counters of its first look', async () => {
  const { world } = newWorld()
  const config = { world: `watched-${cases}`, rate: '2000/s', old: 75, new: 25 }
  const connection = {
    name: 'edge',
    provider: 'traffic/sim',
    port: 'traffic',
    config,
    landsWithin: '0s',
    showsWithin: '0s',
  } as const
  const fault = world.script([
    { when: { port: 'traffic', verb: 'confirm', call: 2 }, fault: { kind: 'Unavailable' } },
  ])
  const input: ConfirmInput = {
    connection,
    target: 'split',
    desired: { old: 75, new: 25 },
    options: { samples: 500, tolerance: 5 },
    everyMs: 100,
  }
  const handle = await bench.client.workflow.start('confirming', {
    workflowId: 'confirming',
    taskQueue: 'cutover',
    args: [input],
  })
  const confirmation = (await handle.result()) as Confirmation
  expect(confirmation.settled).toBe(true)
  expect(confirmation.lines.join()).toContain('25')
  expect(fault.fired()).toBe(1)
})
