// The frame of the activities and what `restore` promises, on the simulated world.
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { DefaultLogger } from '@temporalio/worker'
import { createActivities } from '../../../activities/engine.ts'
import { kindOf } from '../../../activities/failure.ts'
import type { Deps } from '../../../activities/provider.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import type { ChangeActivities } from '../../../workflows/activities.ts'
import type { RestoreInput } from '../../../workflows/activities.ts'
import type { PlannedConnection } from '../../../workflows/plan.ts'
import { testDeps } from '../../contract/deps.ts'

const WORLD = 'activities'
const BEFORE = { old: 100, new: 0 }
const OURS = { old: 75, new: 25 }
const edge: PlannedConnection = {
  name: 'edge',
  provider: 'traffic/sim',
  port: 'traffic',
  config: { world: WORLD, ...BEFORE },
  landsWithin: '0s',
  showsWithin: '0s',
}

afterEach(() => forgetWorld(WORLD))

type Made = ReturnType<typeof createActivities>

function activities(deps: Partial<Deps> = {}, redact = (text: string) => text): Made {
  const client = null as never // no test here claims locks
  return createActivities({ deps: { ...testDeps(), ...deps }, client, redact })
}

type Surroundings = {
  made?: Made
  info?: { startToCloseTimeoutMs?: number; heartbeatTimeoutMs?: number; heartbeatDetails?: unknown }
}

async function run<N extends keyof ChangeActivities>(
  name: N,
  input: Parameters<Made[N]>[0],
  around: Surroundings = {},
) {
  const { made = activities(), info = {} } = around
  const logger = new DefaultLogger('ERROR', () => {})
  const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 1_000, ...info }, { logger })
  const running = environment.run(made[name] as (input: unknown) => Promise<unknown>, input)
  return { environment, running }
}

async function refusal(connection: Partial<PlannedConnection>): Promise<string> {
  const { running } = await run('observe', { connection: { ...edge, ...connection }, target: 'split' })
  return (await failed(running)).message
}

async function failed(
  running: Promise<unknown>,
): Promise<{ kind: string | null; message: string; details: unknown }> {
  const error: unknown = await running.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  const { message, details } = error as Error & { details?: unknown[] }
  return { kind: kindOf(error), message, details: details?.[0] }
}

function begin() {
  const world = openWorld(WORLD)
  world.place({ balancers: { edge: BEFORE } })
  return world
}

const restore: RestoreInput = {
  connection: edge,
  target: 'split',
  before: BEFORE,
  ours: [OURS],
  halves: [],
  isRepeated: false,
  isUncertain: false,
}
const apply = { connection: edge, target: 'split', desired: OURS, expected: BEFORE, ours: [], known: [] }

describe('restore', () => {
  it('writes what was there before over a value of this run, and does nothing the second time', async () => {
    const world = begin()
    await (
      await run('apply', apply)
    ).running
    expect(await (await run('restore', restore)).running).toMatchObject({
      written: 'written',
      observed: { value: BEFORE },
    })
    expect(await (await run('restore', restore)).running).toMatchObject({ written: 'unchanged' })
    expect(world.landed().length).toBe(2)
  })

  it('never overwrites what somebody else has set, and names them', async () => {
    const world = begin()
    const other = { old: 10, new: 90 }
    world.stranger({ port: 'traffic', target: 'edge split', value: other, by: 'ana' })
    expect(await failed((await run('restore', restore)).running)).toMatchObject({
      kind: 'Conflict',
      message: 'split was changed by ana: found {"old":10,"new":90}, which this run did not set',
      details: { found: other, writer: 'ana' },
    })
  })

  it('is repeated by Temporal when the write is not to be seen, or when it cannot be known', async () => {
    const world = begin()
    await (
      await run('apply', apply)
    ).running
    world.script([{ when: { port: 'traffic', verb: 'write', call: 1 }, fault: { ignored: true } }])
    expect(await failed((await run('restore', restore)).running)).toMatchObject({ kind: 'Unavailable' })
    world.script([{ when: { port: 'traffic', verb: 'write', call: 1 }, fault: { lostReply: true } }])
    expect(await failed((await run('restore', restore)).running)).toMatchObject({ kind: 'Unavailable' })
    expect(await (await run('restore', restore)).running).toMatchObject({
      written: 'unchanged',
      observed: { value: BEFORE },
    })
  })
})

describe('every activity', () => {
  it('ends before its start-to-close when a backend hangs, as Unavailable', async () => {
    const world = begin()
    world.script([{ when: { port: 'traffic', verb: 'observe', call: 1 }, fault: { hang: 60_000 } }])
    const { running } = await run(
      'observe',
      { connection: edge, target: 'split' },
      { info: { startToCloseTimeoutMs: 100 } },
    )
    expect((await failed(running)).kind).toBe('Unavailable')
  })

  it('heartbeats while it waits for a backend, so that the death of its worker is noticed before the attempt is over', async () => {
    const world = begin()
    world.script([{ when: { port: 'traffic', verb: 'observe', call: 1 }, fault: { hang: 300 } }])
    const info = { heartbeatTimeoutMs: 80 }
    const { environment, running } = await run('observe', { connection: edge, target: 'split' }, { info })
    let beats = 0
    environment.on('heartbeat', () => (beats += 1))
    await running
    const atTheEnd = beats
    expect(atTheEnd).toBeGreaterThan(2)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(beats).toBe(atTheEnd)
  })

  it('is not cut by cancellation while it writes, but is while it only looks', async () => {
    const world = begin()
    world.script([{ when: { port: 'traffic', verb: 'write', call: 1 }, fault: { hang: 50 } }])
    const writing = await run('apply', apply)
    writing.environment.cancel()
    expect(await writing.running).toMatchObject({ written: 'written', readBack: 'match' })
    world.script([{ when: { port: 'traffic', verb: 'observe', call: 1 }, fault: { hang: 60_000 } }])
    const looking = await run('observe', { connection: edge, target: 'split' })
    looking.environment.cancel()
    await expect(looking.running).rejects.toThrow('CANCELLED')
  })

  it('names an unknown provider, a wrong port and a wrong configuration', async () => {
    expect(await refusal({ provider: 'traffic/abacus' })).toMatch(
      /^connection edge: this worker has no provider "traffic\/abacus"; it knows: .*traffic\/haproxy/,
    )
    expect(await refusal({ port: 'metrics' })).toContain(
      'is a metrics connection; a capacity or dns or reconciler or traffic connection is needed',
    )
    expect(await refusal({ config: { wold: WORLD } })).toMatch(/^connection edge \(traffic\/sim\): .*world/)
  })

  it('turns an unknown exception into a Bug that shows no secret', async () => {
    const made = activities(
      {
        fetch: () => {
          throw new TypeError('unexpected hunter2')
        },
        now: () => {
          throw new TypeError('unexpected hunter2')
        },
      },
      (text) => text.replaceAll('hunter2', '[secret]'),
    )
    const { kind, message } = await failed(
      (await run('observe', { connection: edge, target: 'split' }, { made })).running,
    )
    expect({ kind, message }).toEqual({ kind: 'Bug', message: 'TypeError: unexpected [secret]' })
  })
})
