// The mesh with a Rollout of Argo in it: its controller owns the weights of the VirtualService, and a promotion makes the new version that of
// the stable service, so that users of it are served by the new fleet.
import {
  imageOf,
  putRollout,
  rolloutPath,
  startEndpoints,
  startPods,
  startRollouts,
  stepsTo,
} from '../servers/argo-rollouts.ts'
import { put } from '../servers/istio.ts'
import type { Kubernetes } from '../servers/kubernetes.ts'
import { until } from '../until.ts'
import { type MeshStage, NAMESPACE, type Play, openMeshStage, serviceOf } from './mesh.ts'

const NAME = 'orders' // of the example
const SERVICES = { stable: `${NAME}-stable`, canary: `${NAME}-canary` }
const UP_MS = 60_000 // a first version and an update of it, on busy cores

type Rollout = {
  metadata: { generation: number }
  status?: { phase?: string; observedGeneration?: string; stableRS?: string; currentPodHash?: string }
}

const STEPS: Play = {
  example: 'mesh-canary-rollouts.yaml',
  definitions: ['gateway-api', 'istio', 'argo-rollouts', 'argo-analysis'],
  async furnish(kubernetes, { old }) {
    for (const name of Object.values(SERVICES))
      for (const object of serviceOf(name, old)) await put(kubernetes, object)
  },
  async begin(kubernetes, fleets) {
    const port = { 1: fleets.old.slots[0] ?? 0, 2: fleets.new.slots[0] ?? 0 }
    const portOf = (image: string): number => (image === imageOf(NAME, 2) ? port[2] : port[1])
    const of = { namespace: NAMESPACE, rollout: NAME, services: Object.values(SERVICES), portOf }
    const beside = [startPods(kubernetes, NAMESPACE), startEndpoints(kubernetes, of)]
    const endAll = async (): Promise<void> => {
      for (const each of beside) await each.end()
    }
    try {
      const controller = await startRollouts(kubernetes)
      beside.unshift({ end: () => controller.close() })
      await putRollout(kubernetes, {
        namespace: NAMESPACE,
        name: NAME,
        steps: stepsTo(5, 25, 50, 100),
        hosts: ['*'],
      })
      await until(
        `${NAME} is up`,
        async () => (await rolloutNow(kubernetes)).status?.phase === 'Healthy',
        UP_MS,
      )
    } catch (error) {
      await endAll()
      throw error
    }
    return endAll
  },
  counted: { label: 'destination_version', services: { 1: SERVICES.stable, 2: SERVICES.canary } },
}

export type RolloutStage = MeshStage & {
  /** A pipeline applies the new version; resolves when the Rollout waits at its first pause. */
  deploy(): Promise<void>
  rollout(): Promise<Rollout>
}

export async function openRolloutStage(): Promise<RolloutStage> {
  const stage = await openMeshStage(STEPS)
  const { kubernetes } = stage
  return {
    ...stage,
    rollout: () => rolloutNow(kubernetes),
    async deploy() {
      await kubernetes.patch(`${rolloutPath(NAMESPACE, NAME)}?fieldManager=pipeline`, [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageOf(NAME, 2) },
      ])
      await until(
        'it waits at its first pause',
        async () => {
          const { metadata, status } = await rolloutNow(kubernetes)
          const isRead = status?.observedGeneration === String(metadata.generation)
          return isRead && status?.phase === 'Paused' && status.stableRS !== status.currentPodHash
        },
        UP_MS,
      )
    },
  }
}

async function rolloutNow(kubernetes: Kubernetes): Promise<Rollout> {
  return (await kubernetes.get(rolloutPath(NAMESPACE, NAME))) as unknown as Rollout
}
