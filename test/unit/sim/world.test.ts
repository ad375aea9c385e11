// Is the simulated world a fair judge? Whatever is done to it and undone again leaves the beginning, and nothing else does.
import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { simDns } from '../../../activities/dns/sim/index.ts'
import { simMetrics } from '../../../activities/metrics/sim/index.ts'
import { simNotify } from '../../../activities/notify/sim/index.ts'
import { beginWorlds } from '../../../activities/sim/begin.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Changing, Observed } from '../../../workflows/ports/target.ts'
import { testDeps } from '../../contract/deps.ts'
import { io, openStage } from './clock.ts'

const RECORD = 'api.example.com. A'
const NEW_RECORD = 'new.example.com. A'
const zone = { zone: 'example.com.', records: { [RECORD]: { ttl: 300, values: ['192.0.2.1'] } } }

interface Change {
  port: 'traffic' | 'dns' | 'capacity'
  target: string
  value: Json
  pause: number
}

const weight = fc.integer({ min: 0, max: 100 })
const pause = fc.nat(400_000)
const rrset = fc.record({
  ttl: fc.integer({ min: 1, max: 600 }),
  values: fc.subarray(['192.0.2.1', '192.0.2.2'], { minLength: 1 }),
})
const change = fc.oneof(
  fc.record({
    port: fc.constant('traffic' as const),
    target: fc.constant('split'),
    value: weight.map((share) => ({ old: 100 - share, new: share })),
    pause,
  }),
  fc.record({
    port: fc.constant('traffic' as const),
    target: fc.constant('mirror'),
    value: weight.map((percent) => ({ percent })),
    pause,
  }),
  fc.record({
    port: fc.constant('dns' as const),
    target: fc.constantFrom(RECORD, NEW_RECORD),
    value: rrset,
    pause,
  }),
  fc.record({
    port: fc.constant('capacity' as const),
    target: fc.constantFrom('old', 'new'),
    value: fc.nat(20).map((count) => ({ count })),
    pause,
  }),
)

function stageWithAll() {
  const stage = openStage()
  const ports = {
    traffic: stage.connect(simTraffic) as unknown as Changing,
    dns: stage.connect(simDns, zone) as unknown as Changing,
    capacity: stage.connect(simCapacity, { warm_up: '30s' }) as unknown as Changing,
  }
  return { ...stage, ports }
}

describe('the simulated world', () => {
  it('is as it was at the start when every change is taken back, newest target first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const { world, pass, ports } = stageWithAll()
        const start = world.snapshot()
        const before = new Map<string, { change: Change; seen: Observed }>()
        for (const one of changes) {
          const seen = await ports[one.port].observe(one.target, io())
          const key = `${one.port} ${one.target}`
          if (!before.has(key)) before.set(key, { change: one, seen })
          await applyTo(
            ports[one.port],
            { target: one.target, desired: one.value, expected: seen.value },
            io(),
          )
          pass(one.pause)
        }
        for (const { change: one, seen } of [...before.values()].toReversed()) {
          const now = await ports[one.port].observe(one.target, io())
          await applyTo(
            ports[one.port],
            { target: one.target, desired: seen.value, expected: now.value },
            io(),
          )
        }
        expect(world.snapshot()).toBe(start)
        forgetWorld(world.name)
      }),
      { numRuns: 150 },
    )
  })

  it('counts every request once, wherever it went, however often it was looked at', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), fc.nat(5), async (changes, looks) => {
        const { world, pass, ports } = stageWithAll()
        let elapsed = 0
        for (const one of changes.filter(({ target }) => target !== 'mirror')) {
          const seen = await ports[one.port].observe(one.target, io())
          await ports[one.port].write({ target: one.target, desired: one.value, seen }, io())
          for (let look = 0; look <= looks; look++) {
            pass(one.pause)
            world.now()
            elapsed += one.pause
          }
        }
        const { users, old, new: fresh } = world.totals()
        expect(Math.abs(users.requests - elapsed / 10)).toBeLessThanOrEqual(1)
        expect(Math.abs(old + fresh + users.lost - users.requests)).toBeLessThanOrEqual(2)
        expect(users.failed).toBeLessThanOrEqual(users.requests)
        forgetWorld(world.name)
      }),
      { numRuns: 100 },
    )
  })

  it('shows any write in its snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (one) => {
        const { world, ports } = stageWithAll()
        const start = world.snapshot()
        const seen = await ports[one.port].observe(one.target, io())
        const applied = await applyTo(
          ports[one.port],
          { target: one.target, desired: one.value, expected: seen.value },
          io(),
        )
        expect(world.snapshot() === start).toBe(applied.written === 'unchanged')
        expect(world.landed()).toHaveLength(applied.written === 'unchanged' ? 0 : 1)
        forgetWorld(world.name)
      }),
    )
  })

  it('outlives the worker that used it, and keeps its start values to the first who came', async () => {
    const { world, ports, connect, pass } = stageWithAll()
    const desired = { old: 75, new: 25 }
    await applyTo(ports.traffic, { target: 'split', desired, expected: { old: 100, new: 0 } }, io())
    world.set({ rps: { edge: 1 }, new: { errorRatio: 1 } })
    const restarted = connect(simTraffic, { old: 100, new: 0, rate: '100/s' })
    connect(simMetrics, { new: { errors: '0%' } })
    connect(simMetrics, { new: { errors: '0%' } })
    pass(100_000)
    expect((await restarted.observe('split', io())).value).toEqual(desired)
    expect(world.totals().users, 'rates and errors of the new side are as they were set').toMatchObject({
      requests: 100,
      failed: 25,
    })
    expect(openWorld(world.name)).toBe(world)
  })

  it('begins anew once it is forgotten, and refuses a second clock until then', () => {
    const name = `unit-${randomUUID()}`
    const first = openWorld(name)
    expect(() => openWorld(name, { now: () => 0 })).toThrow(
      `the world ${name} is open already and has a clock: forget it first`,
    )
    forgetWorld(name)
    expect(openWorld(name, { now: () => 0 })).not.toBe(first)
  })

  it('keeps worlds of one process apart', async () => {
    const one = stageWithAll()
    const other = stageWithAll()
    const start = other.world.snapshot()
    one.world.outage('traffic')
    one.world.stranger({
      port: 'dns',
      target: RECORD,
      value: { ttl: 1, values: ['192.0.2.7'] },
      by: 'mallory',
    })
    expect(other.world.snapshot()).toBe(start)
    expect(await other.ports.traffic.observe('split', io())).toMatchObject({ value: { old: 100, new: 0 } })
  })

  it('is whole before a run begins, so that its beginning can be kept', () => {
    const name = `unit-${randomUUID()}`
    const worlds = beginWorlds(
      [
        { provider: 'traffic/sim', config: { world: name } },
        { provider: 'capacity/sim', config: { world: name, old: 3 } },
        { provider: 'metrics/prometheus', config: { url: 'http://127.0.0.1:9' } },
      ],
      testDeps(),
    )
    expect([...worlds.keys()]).toEqual([name])
    expect(JSON.parse(worlds.get(name)?.snapshot() ?? '{}')).toEqual({
      'capacity new': { count: 2 },
      'capacity old': { count: 3 },
      'traffic edge cohort': { users: [] },
      'traffic edge mirror': { percent: 0 },
      'traffic edge split': { old: 100, new: 0 },
      'traffic edge stable': { stable: 'old' },
    })
  })

  it('writes down every call, and keeps each notice once', async () => {
    const { world, connect } = openStage()
    const port = connect(simNotify)
    const notice = {
      key: 'gate-1',
      service: 'orders',
      title: 'Ready?',
      text: 'Approve',
      level: 'ask',
    } as const
    await port.send(notice, io())
    await port.send({ ...notice, title: 'Ready? (again)' }, io())
    expect(world.notices()).toEqual([notice])
    expect(world.calls({ port: 'notify' })).toMatchObject([
      { verb: 'send', target: 'gate-1', outcome: 'ok' },
      { verb: 'send', target: 'gate-1', outcome: 'ok' },
    ])
  })
})
