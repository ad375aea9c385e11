// Providers of Kubernetes over connections to the API server that are spoiled on purpose, as every other provider. What has a controller
// or a proxy of its own that the others have no use for is tried in the files beside this one.
import { afterAll, beforeAll } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import type { ChangingBench } from '../contract/changing.ts'
import { spoiledContract } from '../contract/spoiled.ts'
import { workloadBench } from './capacity/workload-bench.ts'
import { type Ground, startGround } from './ground.ts'
import { argoCd } from '../../activities/reconciler/argo-cd/index.ts'
import { flux } from '../../activities/reconciler/flux/index.ts'
import { SUSPENDED } from '../../workflows/ports/reconciler.ts'
import { argoBench, fluxBench } from './reconciler/bench.ts'
import { standOf } from './stand.ts'
import { routeBench } from './traffic/gateway-bench.ts'
import { serviceBench } from './traffic/istio-bench.ts'
import { type RolloutGround, rolloutBench, startRolloutGround } from './traffic/rollout-bench.ts'

let ground: RolloutGround
let gitops: Ground
let folder: Folder
let toxiproxy: Toxiproxy
beforeAll(async () => {
  folder = createFolder('kubernetes-toxics')
  toxiproxy = await startToxiproxy()
  ground = await startRolloutGround()
  gitops = await startGround(['gateway-api', 'argo-cd', 'flux'])
})
afterAll(async () => {
  await gitops?.kubernetes.server.close()
  await ground?.end()
  await toxiproxy?.server.close()
  folder?.remove()
})

const SHARE = { old: 75, new: 25 }

spoiledContract(
  'traffic/istio',
  async () => ({
    ...(await standOf(
      { ...ground, folder },
      await serviceBench(ground, { name: 'spoiled', target: 'split' }),
      SHARE,
    )),
    lands: true,
  }),
  { toxiproxy: () => toxiproxy },
)

spoiledContract(
  'traffic/gateway-api',
  async () => ({
    ...(await standOf(
      { ...ground, folder },
      await routeBench(ground, { name: 'spoiled', target: 'split' }),
      SHARE,
    )),
    lands: true,
  }),
  { toxiproxy: () => toxiproxy },
)

// Its controller is not spoiled: what has reached the API server is carried out, whoever hears of it.
spoiledContract(
  'traffic/argo-rollouts',
  async () => ({
    ...(await standOf({ ...ground, folder }, await rolloutBench(ground, 'spoiled-rollout'), SHARE)),
    lands: true,
  }),
  { toxiproxy: () => toxiproxy },
)

// The floor of its autoscaler is a write of its own, and the first: a lost answer to it leaves half behind, which is taken up.
spoiledContract(
  'capacity/kubernetes',
  async () => {
    const bounds = { scaler: 'hpa', min: 1, max: 9 } as const
    const bench = await workloadBench(ground, { word: 'deployment', name: 'spoiled', bounds })
    return standOf({ ...ground, folder }, bench, { count: 4 })
  },
  { toxiproxy: () => toxiproxy },
)

// Nobody answers for them here: what a controller makes of a suspension is its own suites' business.
for (const { id, provider, begin } of [
  { id: 'reconciler/argo-cd', provider: argoCd, begin: argoBench },
  { id: 'reconciler/flux', provider: flux, begin: fluxBench },
])
  spoiledContract(
    id,
    async () => {
      const bench = await begin(gitops, `spoiled-${id.slice(11)}`)
      const own = { ...bench, provider: provider as unknown as ChangingBench['provider'] }
      return { ...(await standOf({ ...gitops, folder }, own, { ...SUSPENDED })), lands: true }
    },
    { toxiproxy: () => toxiproxy },
  )
