// The controller of Argo Rollouts on an API server that runs, without a cluster: no pods exist, so somebody has to say of ReplicaSets
// that theirs are ready. It serves its metrics on every address (it has no flag for that), for as long as a test lasts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import { endpointsAt } from './istio-objects.ts'
import { put } from './istio.ts'
import type { KubeObject, Kubernetes } from './kubernetes.ts'

const READY_WITHIN_MS = 60_000 // two seconds on an idle machine
const READ_MS_MAX = 5_000 // a busy machine; a hang must still end
const LOOK_MS = 30
const ROLLOUTS = '/apis/argoproj.io/v1alpha1/namespaces'
export const REPLICAS = 2

/** The definitions of Argo and of Istio are there already: it looks for them once, when it starts. */
export async function startRollouts(kubernetes: Kubernetes): Promise<ServerHandle> {
  const command = requireServer('rollouts-controller')
  const { server } = await startServer(
    'rollouts-controller',
    () => freePorts(2),
    ([metrics = 0, health = 0], folder) => {
      const config = join(folder, 'kubeconfig')
      writeFileSync(config, kubernetes.kubeconfig(kubernetes.admin), { mode: 0o600 })
      return {
        command,
        args: [
          ['--kubeconfig', config, '--leader-elect=false', '--loglevel', 'warn'],
          ['--metricsPort', String(metrics), '--healthzPort', String(health)],
        ].flat(),
        readyWithinMs: READY_WITHIN_MS,
        isReady: async () =>
          (await fetch(`http://127.0.0.1:${health}/healthz`, { signal: AbortSignal.timeout(READ_MS_MAX) }))
            .ok,
      }
    },
  )
  return server
}

export interface Pods {
  end(): Promise<void>
}

type ReplicaSet = KubeObject & {
  metadata: { generation: number }
  spec: { replicas: number }
  status?: { observedGeneration?: number; availableReplicas?: number; replicas?: number }
}

/** What a cluster does behind ReplicaSets: as many pods as they ask for are there, and ready. */
export function startPods(kubernetes: Kubernetes, namespace: string): Pods {
  const path = `/apis/apps/v1/namespaces/${namespace}/replicasets`
  return rounds(() => round(kubernetes, path))
}

/** Again and again, until it is ended. */
function rounds(once: () => Promise<void>): Pods {
  const stopped = new AbortController()
  const working = (async () => {
    while (!stopped.signal.aborted) {
      await once().catch(() => {}) // the server is frozen, or an object has gone meanwhile: the next round looks
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  })()
  return {
    end: async () => {
      stopped.abort()
      await working
    },
  }
}

async function round(kubernetes: Kubernetes, path: string): Promise<void> {
  const { items } = (await kubernetes.get(path)) as unknown as { items: ReplicaSet[] }
  for (const { metadata, spec, status = {} } of items) {
    const { generation } = metadata
    const { replicas } = spec
    const isDone = status.observedGeneration === generation && (status.availableReplicas ?? 0) === replicas
    if (isDone) continue
    const ready = {
      replicas,
      fullyLabeledReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
    }
    await kubernetes.patch(`${path}/${metadata.name}/status`, {
      status: { observedGeneration: generation, ...ready },
    })
  }
}

/**
 * What a cluster does behind Services whose selector the controller writes: each leads to the pods of the version it selects, here to
 * the port of that.
 */
export function startEndpoints(
  kubernetes: Kubernetes,
  of: { namespace: string; rollout: string; services: string[]; portOf(image: string): number },
): Pods {
  const led = new Map<string, number>()
  return rounds(async () => {
    for (const name of of.services) {
      const hash = await selectedBy(kubernetes, of.namespace, name)
      if (hash === null) continue
      const { spec } = (await kubernetes.get(
        `/apis/apps/v1/namespaces/${of.namespace}/replicasets/${of.rollout}-${hash}`,
      )) as unknown as { spec: { template: { spec: { containers: { image: string }[] } } } }
      const port = of.portOf(spec.template.spec.containers[0]?.image ?? '')
      if (led.get(name) === port) continue
      await put(kubernetes, endpointsAt({ namespace: of.namespace, name, port }))
      led.set(name, port)
    }
  })
}

async function selectedBy(kubernetes: Kubernetes, namespace: string, name: string): Promise<string | null> {
  const { spec } = (await kubernetes.get(`/api/v1/namespaces/${namespace}/services/${name}`)) as unknown as {
    spec: { selector?: { 'rollouts-pod-template-hash'?: string } }
  }
  return spec.selector?.['rollouts-pod-template-hash'] ?? null
}

export type RolloutStep = { [name: string]: unknown }

/** Waits at 0 %, then at each of these, until it is promoted. */
export function stepsTo(...weights: number[]): RolloutStep[] {
  return [
    { setCanaryScale: { replicas: 1 } },
    { pause: {} },
    ...weights.flatMap((weight) => [{ setWeight: weight }, { pause: {} }]),
  ]
}

export function imageOf(name: string, version: number): string {
  return `registry.example/${name}:${version}`
}

export const rolloutPath = (namespace: string, name: string): string =>
  `${ROLLOUTS}/${namespace}/rollouts/${name}`

/** A Rollout and the VirtualService it drives; the services NAME-stable and NAME-canary are there already. */
export async function putRollout(
  kubernetes: Kubernetes,
  of: { namespace: string; name: string; steps: RolloutStep[]; canary?: object; hosts?: string[] },
): Promise<void> {
  const { namespace, name, steps, canary = {}, hosts = [`${name}.example`] } = of
  const labels = { app: name }
  const to = (side: string, weight: number) => ({ destination: { host: `${name}-${side}` }, weight })
  await put(kubernetes, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace },
    spec: {
      hosts,
      gateways: ['edge'],
      http: [{ name: 'main', route: [to('stable', 100), to('canary', 0)] }],
    },
  })
  await put(kubernetes, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: imageOf(name, 1) }] } },
      strategy: {
        canary: {
          stableService: `${name}-stable`,
          canaryService: `${name}-canary`,
          abortScaleDownDelaySeconds: 0, // pods of an aborted version stay
          trafficRouting: { istio: { virtualService: { name, routes: ['main'] } } },
          steps,
          ...canary,
        },
      },
    },
  })
}
