// Whole runs along the steps of a Rollout, through the CLI, with requests of users all the time: examples/mesh-canary-rollouts.yaml under the
// controller of Argo, istiod and Envoy, and the role that `cutover rbac` prints for it. Aborted, broken, and there with a worker that is
// killed on the way and while people are asked, to the promotion and what it leaves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoad } from '../../lab/load.ts'
import type { Following } from '../../lab/stage/cli.ts'
import { type RolloutStage, openRolloutStage } from '../../lab/stage/rollouts.ts'
import { until } from '../../lab/until.ts'
import { loaded } from './under-load.ts'

const PER_SECOND = 200
const RUN_MS = 240_000 // a whole run with its proofs, on busy cores
const START = { weights: [100, 0], mirrors: [] }

let stage: RolloutStage

beforeAll(async () => {
  stage = await openRolloutStage()
})

afterAll(() => stage?.close())

const begin = () => stage.cli.follow(['start', stage.file, '--yes', '--wait', '--as', 'maria'])

const underLoad = (body: () => Promise<void>) => loaded(stage, PER_SECOND, body)

async function asked(run: Following): Promise<string> {
  const line = await run.line(/asking: .*\(gate s\d+-promote\)/)
  return /\(gate (\S+)\)/.exec(line)?.[1] ?? ''
}

async function back(): Promise<void> {
  await until('its controller has put all back', async () => {
    const { status } = await stage.rollout()
    return status?.phase === 'Healthy' && status.stableRS === status.currentPodHash
  })
  expect(await stage.look()).toEqual(START)
}

describe('a run along the steps of a Rollout', () => {
  it(
    'goes back when somebody aborts it, still when it has all users and people are asked to promote; no request failed',
    async () => {
      await stage.deploy()
      const { failures, sides } = await underLoad(async () => {
        const run = begin()
        await asked(run)
        expect((await stage.look()).weights, 'users are there, and nothing is promoted').toEqual([0, 100])
        const { status } = await stage.rollout()
        expect(status?.stableRS).not.toBe(status?.currentPodHash)
        await stage.cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        expect((await run.ended).code, 'aborted and restored').toBe(3)
      })
      await back()
      expect(failures).toEqual({})
      expect(sides.new.answered, 'the new side was served').toBeGreaterThan(0)
    },
    RUN_MS,
  )

  it(
    'goes back by itself when the new side breaks in the canary; no request fails but by that',
    async () => {
      await stage.deploy()
      const { failures, injected } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        await stage.fleets.new.inject({ errorRatio: 1 })
        const { code, stdout } = await run.ended
        await stage.fleets.new.heal()
        expect(code, 'breached and restored').toBe(5)
        expect(stdout).toMatch(/going back: errors breached/)
      })
      await back()
      expect(failures).toEqual({})
      expect(injected, 'the new side was asked while it was broken').toBeGreaterThan(0)
    },
    RUN_MS,
  )

  it(
    'moves all users and promotes, though its worker is killed in the canary and while people are asked',
    async () => {
      await stage.deploy()
      const { failures } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        await stage.worker.server.kill()
        await stage.worker.server.start()
        const gate = await asked(run)
        await stage.worker.server.kill()
        await stage.worker.server.start()
        const { code: approved } = await stage.cli.run(['approve', 'orders', '--gate', gate, '--as', 'ana'])
        expect(approved).toBe(0)
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
        expect(stdout).toMatch(/point of no return: the new version is the stable one then/)
      })
      expect(failures).toEqual({})
      const { status } = await stage.rollout()
      expect(status?.phase).toBe('Healthy')
      expect(status?.stableRS, 'the new version is the stable one').toBe(status?.currentPodHash)
      expect(await stage.look(), 'its router is at rest').toEqual(START)
      const after = await startLoad({ target: { url: stage.mesh.edgeUrl }, ratePerSecond: PER_SECOND })
      await until('some were answered', async () => (await after.read()).answered > PER_SECOND)
      const { sides, failures: failed } = await after.stop()
      expect(failed).toEqual({})
      expect(sides.new.answered).toBeGreaterThan(0)
      expect(sides.old.answered, 'nobody is led to the old version any more').toBe(0)
    },
    RUN_MS,
  )
})
