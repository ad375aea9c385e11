// Runs over a route that Flux declares, through the CLI, under Flux's own controllers and with requests of users all the time: one that
// does not think of it, one that is aborted, one that is lost, one that is handed back, and one to which Git tells something else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../lab/until.ts'
import type { Declaration } from '../../../workflows/ports/target.ts'
import { type FluxStage, openFluxStage } from './flux-stage.ts'
import { FOLLOWS_MS } from './real.ts'
import { CASE_MS, putBack } from './under-real.ts'
import { askedMeanwhile } from '../under-load.ts'

const PER_SECOND = 60
const PLANS_MAX = 10 // each of a few seconds

let stage: FluxStage
beforeAll(async () => {
  stage = await openFluxStage()
}, CASE_MS)
afterAll(() => stage?.end())

const begin = (file: string) => stage.cli.follow(['start', file, '--yes', '--wait', '--as', 'maria'])
const weights = async () => (await stage.orders.route()).weights
const suspended = async () => (await stage.orders.get()).spec['suspend'] === true

const underLoad = (body: () => Promise<void>) =>
  askedMeanwhile({ url: stage.url, perSecond: PER_SECOND }, body)

/** With nothing against it: requests must have been counted before. */
async function planned(file: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    const { code, stdout, stderr } = await stage.cli.run(['plan', file])
    if (code === 0) return stdout.replaceAll(/\s+/g, ' ')
    if (tries === PLANS_MAX) throw new Error(`${stdout}${stderr}`)
  }
}

describe('a run over what Flux declares', () => {
  it(
    'is planned: who declares the route is named, and whether a step suspends it',
    async () => {
      await underLoad(async () => {
        expect(await planned(stage.runbook())).toContain(
          'Flux kustomization shop/orders declares HTTPRoute shop/orders; step 1 suspends it (gitops)',
        )
        expect(await planned(stage.runbook(null))).toContain(
          'Flux declares it (kustomization shop/orders) and may put back weights set here',
        )
      })
    },
    CASE_MS,
  )

  it(
    'that does not suspend it finds its canary put back, says by whom, and asks',
    async () => {
      await underLoad(async () => {
        const run = begin(stage.runbook(null))
        const asking = await run.line(/asking: edge split was changed by/)
        expect(asking).toContain('edge split was changed by kustomize-controller')
        expect((await run.ended).code, 'a person is needed').toBe(4)
        await stage.cli.run(['abort', 'orders', '--reason', 'Git says otherwise', '--as', 'maria'])
        expect((await stage.cli.run(['watch', 'orders'])).code, 'aborted and restored').toBe(3)
      })
      expect(await weights()).toEqual([100, 0])
    },
    CASE_MS,
  )

  it(
    'that is aborted puts all of it back, and Flux goes on last',
    async () => {
      await underLoad(async () => {
        const run = begin(stage.runbook())
        await run.line(/edge split proven/)
        expect(await weights()).toEqual([75, 25])
        expect(await suspended()).toBe(true)
        await stage.cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(3)
      })
      expect(await weights()).toEqual([100, 0])
      expect(await suspended()).toBe(false)
      await putBack(stage.orders)
    },
    CASE_MS,
  )

  it(
    'that is terminated leaves nothing suspended for good: Flux goes on by itself, and puts back what Git says',
    async () => {
      await underLoad(async () => {
        const run = begin(stage.runbook('20s'))
        await run.line(/edge split proven/)
        await stage.terminate()
        await until('it goes on', async () => !(await suspended()), FOLLOWS_MS)
        await until('it puts back', async () => (await weights())[0] === 100, FOLLOWS_MS)
        await stage.cli.end()
      })
      await putBack(stage.orders)
    },
    CASE_MS,
  )

  it(
    'is handed back when Git says what it has done, and nothing is put back',
    async () => {
      await underLoad(async () => {
        const run = begin(stage.runbook())
        await run.line(/to be declared: HTTPRoute/)
        const { declare } = await stage.cli.json<{ declare: Declaration[] }>(['status', 'orders'])
        expect(declare).toEqual([{ object: 'HTTPRoute shop/orders', patch: expect.any(Array) }])
        await run.line(/holding \[4\/4\] hand back to gitops/)
        expect(await suspended()).toBe(true)
        const { generation } = await stage.orders.route()
        await stage.orders.commit(0, 100)
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
        expect(await stage.orders.route()).toMatchObject({ weights: [0, 100], generation })
        expect(await suspended()).toBe(false)
      })
      await stage.orders.setWeights(50, 50)
      await until('it goes on', async () => (await weights())[1] === 100, FOLLOWS_MS)
      await stage.orders.commit(100, 0)
      await until('as at the beginning', async () => (await weights())[0] === 100, FOLLOWS_MS)
    },
    CASE_MS,
  )

  it(
    'does not end as if nothing were, when Git has moved on and says something else',
    async () => {
      await underLoad(async () => {
        const run = begin(stage.runbook())
        await run.line(/holding \[4\/4\] hand back to gitops/)
        await stage.orders.commit(60, 40)
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(4)
        expect(stdout).toContain('old 60 new 40 found, written by kustomize-controller')
        await stage.cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        await stage.cli.run(['watch', 'orders'])
      })
    },
    CASE_MS,
  )
})
