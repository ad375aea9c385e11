// What a cluster has and an API server alone has not: nodes on which pods become ready, here by a word in their status; and the
// controller of Argo Rollouts, of which only the counting is played.
import type { KubeObject, Kubernetes } from '../../../lab/servers/kubernetes.ts'
import { NAMESPACE } from '../ground.ts'

const LOOK_MS = 30
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const ROLLOUTS = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/rollouts`

export interface Nodes {
  /** Pods of these names (beginnings) do not become ready. */
  failing: Set<string>
  end(): Promise<void>
}

type Pod = KubeObject & { metadata: { deletionTimestamp?: string }; status?: { phase?: string } }
type Rollout = KubeObject & {
  metadata: { generation: number }
  spec: { replicas?: number }
  status?: { observedGeneration?: string; readyReplicas?: number }
}

export function startNodes(kubernetes: Kubernetes): Nodes {
  const failing = new Set<string>()
  const stopped = new AbortController()
  const working = (async () => {
    while (!stopped.signal.aborted) {
      await round(kubernetes, failing).catch(() => {}) // the server is frozen, or a pod has gone meanwhile: the next round looks
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  })()
  return {
    failing,
    end: async () => {
      stopped.abort()
      await working
    },
  }
}

async function round(kubernetes: Kubernetes, failing: Set<string>): Promise<void> {
  for (const pod of await itemsOf<Pod>(kubernetes, PODS)) {
    const { name, deletionTimestamp } = pod.metadata
    if (deletionTimestamp !== undefined) await kubernetes.remove(`${PODS}/${name}?gracePeriodSeconds=0`)
    else if (pod.status?.phase !== 'Running' && ![...failing].some((begin) => name.startsWith(begin)))
      await kubernetes.patch(`${PODS}/${name}/status`, { status: READY })
  }
  for (const { metadata, spec, status } of await itemsOf<Rollout>(kubernetes, ROLLOUTS).catch(() => [])) {
    const wanted = { observedGeneration: String(metadata.generation), readyReplicas: spec.replicas ?? 1 }
    if (status?.observedGeneration !== wanted.observedGeneration)
      await kubernetes.patch(`${ROLLOUTS}/${metadata.name}/status`, { status: wanted })
  }
}

const READY = {
  phase: 'Running',
  conditions: ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: new Date().toISOString(),
  })),
}

async function itemsOf<O>(kubernetes: Kubernetes, path: string): Promise<O[]> {
  return ((await kubernetes.get(path)) as unknown as { items: O[] }).items
}
