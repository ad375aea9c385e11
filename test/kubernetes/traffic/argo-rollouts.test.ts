// traffic/argo-rollouts under the real controller, under an account that may do no more than its rules say: the contract of changing
// ports, a controller that stands still, and promotions.
import { afterAll } from 'vitest'
import { argoRollouts } from '../../../activities/traffic/argo-rollouts/index.ts'
import { rolloutPath } from '../../../lab/servers/argo-rollouts.ts'
import { changingContract } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { promotionContract } from '../../contract/traffic/promotion.ts'
import { NAMESPACE } from '../ground.ts'
import {
  type RolloutGround,
  configOf,
  promoteAs,
  provider,
  putUp,
  rolloutBench,
  startRolloutGround,
} from './rollout-bench.ts'

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

promotionContract('traffic/argo-rollouts', async (version) => {
  const { kubernetes, controller, deps } = await ground()
  const config = configOf(version)
  await putUp(await ground(), { name: version, config })
  return {
    provider,
    config,
    deps: deps(),
    share: 50,
    seesOrders: true,
    standstill: () => freeze(controller.pid),
    leadBack: async () => promoteAs(await ground(), version, 50),
    end: () => kubernetes.remove(rolloutPath(NAMESPACE, version)),
  }
})
