// What people fear at 3 a.m.: the process that does the work dies, or its server does, in the worst moments.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Runbook } from '../../lab/stage/runbook.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import {
  begin,
  clear,
  expectRestored,
  gateIn,
  say,
  servedBy,
  statusOf,
  straightTo,
  underLoad,
} from './scene.ts'

const TEST_MS = 150_000 // half a minute of steps and two dead workers to be noticed, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ temporal: { dbFile: 'temporal.db' } })
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

const target = () => ({ url: stage.lab.addresses.haproxy.url })

describe('a worker that is killed', () => {
  it(
    'in a canary hold and again while going back loses nothing; status goes on telling what the server knows',
    async () => {
      const service = 'killed-twice'
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '6s',
        edit: straightTo('25%'),
      })
      const { server } = stage.worker
      await underLoad({ name: service, target: target(), withInjected: true }, async (load) => {
        const run = begin(stage, file)
        await run.line(/-> old 75 new 25, verified/)
        await server.kill()
        const alone = await statusOf(stage, service, ['--partial'])
        expect(alone).toMatchObject({ phase: 'holding', weights: { old: 75, new: 25 }, outcome: null })
        expect(alone.stale?.why).toMatch(/no worker/)
        expect(alone.step?.id).toMatch(/canary/)
        expect(alone.changes.map(({ desired }) => desired)).toContainEqual({ old: 75, new: 25 })
        const told = await stage.cli.run(['status', service, '--partial'])
        expect(told).toMatchObject({ code: 0, stderr: '' })
        expect(told.stdout).toMatch(/no worker/)
        await server.start()
        await stage.lab.fleets.new.inject({ errorRatio: 0.1 })
        await run.line(/edge split restored to old 100 new 0/)
        await server.kill()
        const midway = await statusOf(stage, service, ['--partial'])
        expect(midway).toMatchObject({ phase: 'unwinding', outcome: null })
        expect(midway.stale?.why).toMatch(/no worker/)
        await server.start()
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(5)
        await servedBy(load, 'old')
      })
      const view = await expectRestored(stage, service)
      expect(view.reason?.kind).toBe('breach')
      expect(view.stale).toBeNull()
    },
    TEST_MS,
  )

  it(
    'while people are asked: the open gate is told, and an abort said to nobody is heard when a worker is back',
    async () => {
      const service = 'killed-asking'
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '2s',
        edit: withQuestion,
      })
      const { server } = stage.worker
      await underLoad({ name: service, target: target() }, async (load) => {
        const run = begin(stage, file)
        const gate = gateIn(await run.line(/asking: On to everybody/))
        await server.kill()
        const alone = await statusOf(stage, service, ['--partial'])
        expect(alone).toMatchObject({ phase: 'waiting', gate, weights: { old: 75, new: 25 } })
        expect(alone.stale?.why).toMatch(/no worker/)
        const said = await stage.cli.run(['abort', service, '--reason', 'nobody home', '--as', 'raj'])
        expect(said.code, said.stderr).toBe(0)
        expect(said.stderr, 'what is waited for is told').toContain('no answer yet')
        expect(said.stdout).toContain('left with the Temporal server')
        expect(await stage.look()).toMatchObject({ haproxy: { old: 75, new: 25 } })
        const began = Date.now()
        await server.start()
        const { code, stdout } = await run.ended
        say(`${service}: worker back -> run ended after ${((Date.now() - began) / 1_000).toFixed(1)} s`)
        expect(code, stdout).toBe(3)
        await servedBy(load, 'old')
      })
      const view = await expectRestored(stage, service)
      expect(view.reason).toMatchObject({ kind: 'abort', text: 'raj aborted: nobody home' })
    },
    TEST_MS,
  )
})

describe('a Temporal server that is killed', () => {
  it(
    'and started again during a hold costs the run nothing: it goes on to its end',
    async () => {
      const service = 'server-restarted'
      const { temporal } = stage.lab.servers
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '4s',
        edit: straightTo('25%'),
      })
      await underLoad({ name: service, target: target() }, async (load) => {
        const run = begin(stage, file)
        await run.line(/-> old 75 new 25, verified/)
        await temporal.kill()
        expect(await stage.look()).toMatchObject({ haproxy: { old: 75, new: 25 } })
        await temporal.start()
        const { code, stdout, stderr } = await run.ended
        expect(code, stdout + stderr).toBe(0)
        await servedBy(load, 'new')
      })
      expect(await statusOf(stage, service)).toMatchObject({ outcome: 'completed', stale: null })
      const { start } = stage
      expect(await stage.look()).toEqual({
        ...start,
        haproxy: { old: 0, new: 100 },
        capacity: { old: start.capacity.old, new: start.capacity.old },
      })
    },
    TEST_MS,
  )
})

/** 25 %, then people are asked, then everybody. */
function withQuestion(runbook: Runbook): void {
  straightTo('25%')(runbook)
  const canary = runbook.steps.findIndex((step) => 'canary' in step)
  runbook.steps.splice(canary + 1, 0, { approve: { title: 'On to everybody', people: 'anyone' } })
}
