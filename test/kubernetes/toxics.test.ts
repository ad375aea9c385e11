// Providers of Kubernetes over connections to the API server that are spoiled on purpose, as every other provider: between them and
// the server stand toxiproxy and a front that says when a write is on its way.
import { afterAll, beforeAll } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import type { Json } from '../../workflows/json.ts'
import type { ChangingBench } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import { type Stand, spoiledContract } from '../contract/spoiled.ts'
import { workloadBench } from './capacity/workload-bench.ts'
import { startFront } from './front.ts'
import { type Ground, WORKER, startGround } from './ground.ts'
import { argoCd } from '../../activities/reconciler/argo-cd/index.ts'
import { flux } from '../../activities/reconciler/flux/index.ts'
import { SUSPENDED } from '../../workflows/ports/reconciler.ts'
import { argoBench, fluxBench } from './reconciler/bench.ts'
import { routeBench } from './traffic/gateway-bench.ts'
import { type MeshGround, serviceBench, startMesh } from './traffic/istio-bench.ts'

let ground: MeshGround
let gitops: Ground
let folder: Folder
let toxiproxy: Toxiproxy
beforeAll(async () => {
  folder = createFolder('kubernetes-toxics')
  toxiproxy = await startToxiproxy()
  ground = await startMesh()
  gitops = await startGround(['gateway-api', 'argo-cd', 'flux-kustomize', 'flux-helm', 'flux-source'])
})
afterAll(async () => {
  await gitops?.kubernetes.server.close()
  await ground?.end()
  await toxiproxy?.server.close()
  folder?.remove()
})

type Bench = Pick<ChangingBench, 'provider' | 'config' | 'target' | 'end'>

/** `bench` looks past what is spoiled, with a kubeconfig; the provider gets the address in its place. */
async function standOf(at: Ground, bench: Bench, value: Json): Promise<Stand> {
  const front = await startFront(at.kubernetes, folder.path)
  const { kubeconfig: _, ...rest } = bench.config
  return {
    provider: bench.provider,
    config: (address) => ({
      ...rest,
      server: `https://${address}`,
      token: 'env:TOKEN',
      tls: { ca: front.ca },
    }),
    to: { host: '127.0.0.1', port: Number(new URL(front.url).port) },
    deps: testDeps({ secrets: { 'env:TOKEN': WORKER.token } }),
    past: { config: bench.config, deps: at.deps() },
    target: bench.target,
    value,
    async losing(lose, deps) {
      front.before = lose
      return deps
    },
    async end() {
      front.end()
      await bench.end()
    },
  }
}

const SHARE = { old: 75, new: 25 }

spoiledContract(
  'traffic/istio',
  async () => ({
    ...(await standOf(ground, await serviceBench(ground, { name: 'spoiled', target: 'split' }), SHARE)),
    lands: true,
  }),
  { toxiproxy: () => toxiproxy },
)

spoiledContract(
  'traffic/gateway-api',
  async () => ({
    ...(await standOf(ground, await routeBench(ground, { name: 'spoiled', target: 'split' }), SHARE)),
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
    return standOf(ground, bench, { count: 4 })
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
      await bench.controller.end()
      const own = { ...bench, provider: provider as unknown as ChangingBench['provider'] }
      return { ...(await standOf(gitops, own, { ...SUSPENDED })), lands: true }
    },
    { toxiproxy: () => toxiproxy },
  )
