// traffic/argo-rollouts under the real controller, under an account that may do no more than its rules say: the contract of changing
// ports, and a controller that stands still.
import { afterAll } from 'vitest'
import { argoRollouts } from '../../../activities/traffic/argo-rollouts/index.ts'
import { changingContract } from '../../contract/changing.ts'
import { lyingContract } from '../../contract/lies.ts'
import { type RolloutGround, rolloutBench, startRolloutGround } from './rollout-bench.ts'

let started: Promise<RolloutGround> | undefined
const ground = (): Promise<RolloutGround> => (started ??= startRolloutGround())
afterAll(async () => {
  await (await started)?.end()
})

changingContract(argoRollouts.spec.id, async () => await rolloutBench(await ground(), 'split'), [
  'missing target',
])

lyingContract('traffic/argo-rollouts', async () => await rolloutBench(await ground(), 'lies'), [
  'freezeReader',
])
