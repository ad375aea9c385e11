// Whole runs in a mesh, through the CLI, with requests of users all the time: examples/mesh-canary.yaml on a real istiod and Envoy,
// under the role that `cutover rbac` prints for it. Aborted, broken, and there with a worker that is killed on the way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MeshStage, openMeshStage } from '../../lab/stage/mesh.ts'
import { loaded } from './under-load.ts'

const PER_SECOND = 200
const RUN_MS = 180_000 // a whole run with its proofs, on busy cores

let stage: MeshStage

beforeAll(async () => {
  stage = await openMeshStage()
})

afterAll(() => stage?.close())

const begin = () => stage.cli.follow(['start', stage.file, '--yes', '--wait', '--as', 'maria'])

const underLoad = (body: () => Promise<void>) => loaded(stage, PER_SECOND, body)

describe('a run in a mesh', () => {
  const start = { weights: [1, 0], mirrors: [] }

  it(
    'goes back out of a canary when somebody aborts: weights and mirrors as before, no request failed',
    async () => {
      expect(await stage.look()).toEqual(start)
      const { failures, sides } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        const { weights, mirrors } = await stage.look()
        expect({ share: weights[1], mirrors }).toEqual({ share: expect.toBeOneOf([5, 25, 50]), mirrors: [] })
        await stage.cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        expect((await run.ended).code, 'aborted and restored').toBe(3)
      })
      expect(await stage.look()).toEqual(start)
      expect(failures).toEqual({})
      expect(sides.new.answered, 'the canary was served').toBeGreaterThan(0)
    },
    RUN_MS,
  )

  it(
    'goes back by itself when the new side breaks in the canary; no request fails but by that',
    async () => {
      const { failures, injected } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        await stage.fleets.new.inject({ errorRatio: 1 })
        const { code, stdout } = await run.ended
        await stage.fleets.new.heal()
        expect(code, 'breached and restored').toBe(5)
        expect(stdout).toMatch(/going back: errors breached/)
      })
      expect(await stage.look()).toEqual(start)
      expect(failures).toEqual({})
      expect(injected, 'the new side was asked while it was broken').toBeGreaterThan(0)
    },
    RUN_MS,
  )

  it(
    'moves all users, each share proven, though its worker is killed in the canary',
    async () => {
      const { failures, sides } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        await stage.worker.server.kill()
        await stage.worker.server.start()
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
      })
      expect(await stage.look()).toEqual({ weights: [0, 100], mirrors: [] })
      expect(failures).toEqual({})
      expect(sides.new.answered).toBeGreaterThan(PER_SECOND)
    },
    RUN_MS,
  )
})
