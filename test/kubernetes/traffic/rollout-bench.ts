// Rollouts of their own under the real controller of Argo, behind a real istiod and Envoy, waiting at their first pause with a new
// template: for the suites of traffic.
import { argoRollouts } from '../../../activities/traffic/argo-rollouts/index.ts'
import type { Rollout } from '../../../activities/traffic/argo-rollouts/rollout.ts'
import { ArgoRolloutsConfig, rulesOf } from '../../../activities/traffic/argo-rollouts/schema.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import {
  type Pods,
  type RolloutStep,
  imageOf,
  putRollout,
  rolloutPath,
  startPods,
  startRollouts,
  stepsTo,
} from '../../../lab/servers/argo-rollouts.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { ChangingBench } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, NAMESPACE } from '../ground.ts'
import { type MeshGround, type Service, pathOf, putService, startMesh } from './istio-bench.ts'

export const provider = argoRollouts as unknown as ChangingBench['provider']
const NO_METRICS = 'http://127.0.0.1:9' // where nothing is counted in a suite
const UP_MS = 30_000 // a first version and an update of it, on busy cores

export interface RolloutGround extends MeshGround {
  controller: ServerHandle
  pods: Pods
}

export async function startRolloutGround(): Promise<RolloutGround> {
  const mesh = await startMesh(['argo-rollouts', 'argo-analysis'])
  const pods = startPods(mesh.kubernetes, NAMESPACE)
  try {
    const controller = await startRollouts(mesh.kubernetes)
    const end = async () => {
      await controller.close()
      await pods.end()
      await mesh.end()
    }
    return { ...mesh, controller, pods, end }
  } catch (error) {
    await pods.end()
    await mesh.end()
    throw error
  }
}

export function configOf(name: string, more: JsonObject = {}): JsonObject {
  const query = (side: string): string =>
    `sum(envoy_cluster_upstream_rq_total{cluster_name="outbound|8080||${name}-${side}.${NAMESPACE}.svc.cluster.local"})`
  return {
    ...ACCESS,
    rollout: name,
    virtual_service: name,
    new: { image: imageOf(name, 2) },
    counts: { from: { url: NO_METRICS }, old: query('stable'), new: query('canary') },
    ...more,
  }
}

export const WEIGHTS = [25, 50, 100]

/** Up in its first version; with `isUpdated` it has the template of the second and waits at its first pause. */
export async function putUp(
  ground: RolloutGround,
  of: {
    name: string
    steps?: RolloutStep[]
    canary?: object
    hosts?: string[]
    isUpdated?: boolean
    /** One that its controller refuses never comes up. */
    comesUp?: boolean
    config?: JsonObject
  },
): Promise<void> {
  const {
    name,
    steps = stepsTo(...WEIGHTS),
    isUpdated = true,
    comesUp = true,
    config = configOf(name),
    ...more
  } = of
  const { kubernetes, upstreams } = ground
  await ground.allow(rulesOf(ArgoRolloutsConfig.parse(config), { changed: ['split', 'stable'], looked: [] }))
  await putService(ground, { name: `${name}-stable`, port: upstreams.v1.port })
  await putService(ground, { name: `${name}-canary`, port: upstreams.v2.port })
  await putRollout(kubernetes, { namespace: NAMESPACE, name, steps, ...more })
  if (!comesUp) return
  await until(`${name} is up`, async () => (await rollout(ground, name)).status?.phase === 'Healthy', UP_MS)
  if (isUpdated) await update(ground, name, 2)
}

/** Asks for this version; resolves when the Rollout waits at its first pause. */
export async function update(ground: RolloutGround, name: string, version: number): Promise<void> {
  await setTemplate(ground, name, version)
  await until(`${name} waits at its first pause`, async () => isWaiting(await rollout(ground, name)), UP_MS)
}

export async function setTemplate(ground: RolloutGround, name: string, version: number): Promise<void> {
  await ground.kubernetes.patch(`${rolloutPath(NAMESPACE, name)}?fieldManager=kubectl-edit`, [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageOf(name, version) },
  ])
}

function isWaiting({ metadata, status = {} }: Rollout): boolean {
  const isRead = status.observedGeneration === String(metadata.generation)
  return isRead && status.phase === 'Paused' && status.stableRS !== status.currentPodHash
}

export async function rollout({ kubernetes }: RolloutGround, name: string): Promise<Rollout> {
  return (await kubernetes.get(rolloutPath(NAMESPACE, name))) as unknown as Rollout
}

/** As its VirtualService says: stable and canary. */
export async function weights({ kubernetes }: RolloutGround, name: string): Promise<(number | undefined)[]> {
  const { spec } = (await kubernetes.get(pathOf(name))) as Service
  return spec.http[0]?.route.map(({ weight }) => weight) ?? []
}

/** Somebody else, by the plugin of kubectl: to the step that sets this share. */
export async function promoteAs(ground: RolloutGround, name: string, share: number): Promise<void> {
  const { spec } = await rollout(ground, name)
  const steps = spec.strategy?.canary?.steps ?? []
  const at = steps.findIndex(({ setWeight }) => setWeight === share)
  const status = { pauseConditions: null, controllerPause: false, abort: false, currentStepIndex: at }
  await ground.kubernetes.patch(`${rolloutPath(NAMESPACE, name)}/status?fieldManager=kubectl-argo-rollouts`, {
    status,
  })
  await until(`${name} waits at ${share} %`, async () => {
    const { status: now } = await rollout(ground, name)
    const isThere = now?.canary?.weights?.canary.weight === share && (now.pauseConditions ?? []).length > 0
    return isThere && (await weights(ground, name))[1] === share
  })
}

async function neighbours(ground: RolloutGround, name: string): Promise<Json> {
  const { spec, metadata } = await rollout(ground, name)
  const service = (await ground.kubernetes.get(pathOf(name))) as Service
  for (const each of service.spec.http[0]?.route ?? []) delete each.weight
  const keys = Object.keys(metadata.annotations ?? {}).toSorted()
  return { spec, keys, service: service.spec } as unknown as Json
}

export async function rolloutBench(ground: RolloutGround, name: string): Promise<ChangingBench> {
  const config = configOf(name, { after_abort: 'keep' })
  await putUp(ground, { name, config })
  const { kubernetes, controller } = ground
  return {
    provider,
    config,
    deps: ground.deps(),
    target: 'split',
    values: [
      { old: 75, new: 25 },
      { old: 0, new: 100 },
    ],
    stranger: (value) => promoteAs(ground, name, (value as { new: number }).new),
    neighbours: () => neighbours(ground, name),
    outage: () => freeze(kubernetes.server.pid),
    lies: { freezeReader: () => freeze(controller.pid) },
    wrongCredentials: { config, deps: ground.intruder() },
    secrets: ground.secrets,
    end: () => kubernetes.remove(rolloutPath(NAMESPACE, name)),
  }
}
