// Somebody else at the balancer in the middle of a hold: the run says so while it lasts, overwrites nothing, and goes back
// when it is told to.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ask } from '../../activities/traffic/haproxy/client.ts'
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

const TEST_MS = 120_000 // targets are looked at every half minute

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

it(
  'a weight that somebody sets in the middle of a hold is asked about; put back, the hold goes on',
  async () => {
    const service = 'two-hands'
    const { haproxy } = stage.lab.addresses
    const file = stage.runbook('orders-canary', {
      service,
      edge: 'haproxy',
      hold: '10m',
      edit: straightTo('25%'),
    })
    await underLoad({ name: service, target: { url: haproxy.url } }, async (load) => {
      const run = begin(stage, file)
      await run.line(/edge split proven/) // from here on nothing but the hold's own watch looks at it
      await weigh({ v1: 60, v2: 40 })
      const gate = gateIn(await run.line(/asking: edge split was changed by someone else/))
      const { code, stdout } = await run.ended // nobody at a terminal: a question ends the wait
      expect(code, stdout).toBe(4)
      const view = await statusOf(stage, service)
      expect(view).toMatchObject({ outcome: 'stuck', gate, weights: { old: 75, new: 25 } })
      expect(view.gates[0]?.waitsFor).toContain('set to old 75 new 25, found old 60 new 40')
      expect(await stage.look()).toMatchObject({ haproxy: { old: 60, new: 40 } })

      await weigh({ v1: 75, v2: 25 })
      await decide(stage, ['retry', service, '--gate', gate, '--reason', 'put back', '--as', 'ana'])
      await until('holds on', async () => (await statusOf(stage, service)).phase === 'holding')
      await decide(stage, ['abort', service, '--reason', 'two hands on one balancer', '--as', 'ana'])
      const watched = await stage.cli.run(['watch', service])
      expect(watched.code, watched.stdout).toBe(3)
      await servedBy(load, 'old')
    })
    await expectRestored(stage, service)
  },
  TEST_MS,
)

/** As an operator does it: at the runtime socket. */
async function weigh({ v1, v2 }: { v1: number; v2: number }): Promise<void> {
  const { socket } = stage.lab.addresses.haproxy
  await ask(socket, `set weight orders/v2 ${v2}; set weight orders/v1 ${v1}`, AbortSignal.timeout(TEST_MS))
}
