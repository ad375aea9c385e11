// Others at the same balancer: a hand that sets weights, and a second run. Never silently adopted, never overwritten.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { tellHaproxy } from '../../lab/stage/world.ts'
import { until } from '../../lab/until.ts'
import {
  begin,
  clear,
  decide,
  expectRestored,
  gateIn,
  servedBy,
  statusOf,
  straightTo,
  underLoad,
} from './scene.ts'

const TEST_MS = 120_000 // half a minute of steps or until somebody looks, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

const target = () => ({ url: stage.lab.addresses.haproxy.url })

async function setByHand(weights: { old: number; new: number }): Promise<void> {
  await tellHaproxy(stage.lab, `set weight orders/v1 ${weights.old}; set weight orders/v2 ${weights.new}`)
  expect(await stage.look()).toMatchObject({ haproxy: weights })
}

describe('weights set by hand during a run', () => {
  it(
    'stop it with a question; the way back asks too, keeps the instances that serve, and ends when a person put it right',
    async () => {
      const service = 'by-hand'
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '8s',
        edit: straightTo('25%'),
      })
      await underLoad({ name: service, target: target() }, async (load) => {
        const run = begin(stage, file)
        await run.line(/edge split proven: old 7/) // before that, the proof itself would be what is missing
        await setByHand({ old: 60, new: 40 })
        const drift = gateIn(await run.line(/asking: edge split was changed by/))
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(4)
        const asked = await statusOf(stage, service)
        expect(asked).toMatchObject({ outcome: 'stuck', gate: drift, gates: [{ kind: 'drift' }] })
        expect(asked.gates[0]?.waitsFor).toContain('found old 60 new 40')
        expect(await stage.look()).toMatchObject({ haproxy: { old: 60, new: 40 } })

        await decide(stage, ['abort', service, '--reason', 'who was that?', '--as', 'ana'])
        const back = stage.cli.follow(['watch', service])
        const gate = gateIn(await back.line(/asking: edge split could not be restored/))
        expect((await back.ended).code).toBe(4)
        const stuck = await statusOf(stage, service)
        expect(stuck).toMatchObject({
          outcome: 'stuck',
          gate,
          gates: [{ kind: 'restore', allows: ['retry', 'skip'] }],
        })
        expect(stuck.gates[0]?.waitsFor).toMatch(/found .*60.*40/)
        expect(await stage.look()).toMatchObject({ haproxy: { old: 60, new: 40 }, capacity: { new: 3 } })

        await setByHand({ old: 75, new: 25 })
        await decide(stage, ['retry', service, '--gate', gate, '--reason', 'put right', '--as', 'raj'])
        expect((await stage.cli.run(['watch', service])).code).toBe(3)
        await servedBy(load, 'old')
      })
      const { restorations } = await expectRestored(stage, service)
      const backAt = (name: string) => Date.parse(restorations.find((each) => each.target === name)?.at ?? '')
      expect(backAt('new')).toBeGreaterThan(backAt('split')) // instances leave after the traffic, however long it is stuck
    },
    TEST_MS,
  )

  it(
    'in the middle of a hold are asked about while it lasts; put back, the hold goes on',
    async () => {
      const service = 'two-hands'
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '10m',
        edit: straightTo('25%'),
      })
      await underLoad({ name: service, target: target() }, async (load) => {
        const run = begin(stage, file)
        await run.line(/edge split proven: old 7/) // from here on only the watch of the hold looks at it
        await setByHand({ old: 60, new: 40 })
        const gate = gateIn(await run.line(/asking: edge split was changed by someone else/))
        expect((await run.ended).code).toBe(4)
        const asked = await statusOf(stage, service)
        expect(asked).toMatchObject({ outcome: 'stuck', gate, weights: { old: 75, new: 25 } })
        expect(asked.gates[0]?.waitsFor).toContain('set to old 75 new 25, found old 60 new 40')
        expect(await stage.look()).toMatchObject({ haproxy: { old: 60, new: 40 } })

        await setByHand({ old: 75, new: 25 })
        await decide(stage, ['retry', service, '--gate', gate, '--reason', 'put back', '--as', 'ana'])
        await until('holds on', async () => (await statusOf(stage, service)).phase === 'holding')
        await decide(stage, ['abort', service, '--reason', 'two hands on one balancer', '--as', 'ana'])
        expect((await stage.cli.run(['watch', service])).code).toBe(3)
        await servedBy(load, 'old')
      })
      await expectRestored(stage, service)
    },
    TEST_MS,
  )
})

describe('two runs on one backend', () => {
  it(
    'under different names: the second is not started and is told who holds it',
    async () => {
      const file = stage.runbook('orders-canary', { service: 'first', edge: 'haproxy', hold: '20s' })
      const other = stage.runbook('orders-canary', { service: 'second', edge: 'haproxy', hold: '2s' })
      await underLoad({ name: 'two runs', target: target() }, async (load) => {
        const first = begin(stage, file)
        await first.line(/-> old 95 new 5, verified/)
        const before = await stage.look()
        const second = await begin(stage, other).ended
        expect(second).toMatchObject({ code: 1, stdout: '' })
        expect(second.stderr).toContain('no run of second was started')
        expect(second.stderr).toMatch(/is held by the run of first \(cutover\/first\)/)
        expect((await stage.cli.run(['status', 'second'])).stderr).toContain('there is no run of second')
        expect(await stage.look()).toEqual(before)
        expect(await statusOf(stage, 'first')).toMatchObject({ outcome: null, phase: 'holding' })
        await decide(stage, ['abort', 'first', '--reason', 'seen enough', '--as', 'ana'])
        expect((await first.ended).code).toBe(3)
        await servedBy(load, 'old')
      })
      await expectRestored(stage, 'first')
    },
    TEST_MS,
  )
})
