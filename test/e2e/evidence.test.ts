// No data is never a pass: without its metrics a run stays where it is, says so, and still goes back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '../../view/model.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
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

const TEST_MS = 120_000 // half a minute of steps and a guard's patience, on two busy cores
const BLIND_WITHIN_MS = 40_000 // a look, a refused connection, the patience of 8 s
const QUARTER = { haproxy: { old: 75, new: 25 } }

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

describe('a Prometheus that stops in a canary', () => {
  it(
    'holds the run: it does not pass, it asks, and an abort works without metrics',
    async () => {
      const service = 'blind'
      await underLoad({ name: service, target: target() }, async (load) => {
        await blindedAtQuarter(service)
        await decide(stage, ['abort', service, '--reason', 'flying blind', '--as', 'ana'])
        const watched = await stage.cli.run(['watch', service])
        expect(watched.code, watched.stdout).toBe(3)
        await servedBy(load, 'old')
      })
      const view = await expectRestored(stage, service)
      expect(view.reason?.kind).toBe('abort')
    },
    TEST_MS,
  )

  it(
    'and comes back lets the run go on by itself, to its end',
    async () => {
      const service = 'blind-for-a-while'
      await underLoad({ name: service, target: target() }, async (load) => {
        const gate = await blindedAtQuarter(service)
        await stage.lab.servers.prometheus.start()
        await until(
          'evidence is back',
          async () => (await statusOf(stage, service)).phase !== 'stuck',
          BLIND_WITHIN_MS,
        )
        const watched = await stage.cli.run(['watch', service])
        expect(watched.code, watched.stdout).toBe(0)
        expect(watched.stdout).toContain(`gate ${gate} closed`)
        await servedBy(load, 'new')
      })
      const view = await statusOf(stage, service)
      expect(view.outcome).toBe('completed')
      expect(view.decisions).toEqual([])
      expect(await stage.look()).toMatchObject({ haproxy: { old: 0, new: 100 } })
    },
    TEST_MS,
  )
})

const target = () => ({ url: stage.lab.addresses.haproxy.url })

/** Starts a run, takes Prometheus away in the hold at 25 %, and comes back when the run asks. Gives the open gate. */
async function blindedAtQuarter(service: string): Promise<string> {
  const file = stage.runbook('orders-canary', {
    service,
    edge: 'haproxy',
    hold: '3s',
    edit: straightTo('25%'),
  })
  const run = begin(stage, file)
  await run.line(/-> old 75 new 25, verified/)
  await stage.lab.servers.prometheus.stop()
  await until(
    `${service} sees no more`,
    async () => unknownIn(await statusOf(stage, service)).length > 0,
    BLIND_WITHIN_MS,
  )
  expect(await stage.look()).toMatchObject(QUARTER)

  const gate = gateIn(await run.line(/asking: \S+ cannot be read/))
  const { code, stdout } = await run.ended // nobody at a terminal: a question ends the wait
  expect(code, stdout).toBe(4)
  const view = await statusOf(stage, service)
  expect(view).toMatchObject({ outcome: 'stuck', phase: 'stuck', gate, weights: { old: 75, new: 25 } })
  expect(view.gates).toMatchObject([{ kind: 'evidence', allows: ['approve', 'retry'] }])
  expect(unknownIn(view)).toContain('errors')
  expect(Date.parse(view.holding?.until ?? '')).toBeLessThan(Date.now()) // the time is over, and it did not pass
  expect(await stage.look()).toMatchObject(QUARTER)
  const told = await stage.cli.run(['status', service])
  expect(told.stdout).toContain(gate)
  expect(told.stdout).toMatch(/unknown/)
  return gate
}

function unknownIn({ guards }: RunView): string[] {
  return guards.filter(({ verdict }) => verdict === 'unknown').map(({ name }) => name)
}
