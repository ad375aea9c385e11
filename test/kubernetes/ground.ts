// What the suites on a Kubernetes API server share: the server, a namespace, and an account that may do no more than the rules of
// its provider say, so that every case proves that those are enough.
import type { KubeRule } from '../../activities/provider.ts'
import { rolesFor } from '../../activities/kubernetes/roles.ts'
import {
  type Definitions,
  type KubeObject,
  type Kubernetes,
  startKubernetes,
} from '../../lab/servers/kubernetes.ts'
import { type TestDeps, testDeps } from '../contract/deps.ts'

export const NAMESPACE = 'shop'
export const WORKER = { name: 'cutover', token: 'worker-token-of-a-test' }

export interface Ground {
  kubernetes: Kubernetes
  /** Lends a provider the kubeconfig of the worker's account, and that of one which may do nothing. */
  deps(): TestDeps
  intruder(): TestDeps
  secrets: string[]
  /** Lets the worker's account do what these rules say. */
  allow(rules: KubeRule[]): Promise<void>
}

/** How connections name the kubeconfig. */
export const ACCESS = { kubeconfig: 'env:KUBECONFIG', namespace: NAMESPACE, cluster: 'lab' }

export async function startGround(definitions: Definitions[], clients?: string): Promise<Ground> {
  const kubernetes = await startKubernetes({
    definitions,
    users: [WORKER],
    ...(clients === undefined ? {} : { clients }),
  })
  const lent = (token: string) => testDeps({ secrets: { 'env:KUBECONFIG': kubernetes.kubeconfig(token) } })
  await kubernetes.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  let roles = 0
  return {
    kubernetes,
    deps: () => lent(WORKER.token),
    intruder: () => lent(kubernetes.nobody),
    secrets: [WORKER.token, kubernetes.nobody],
    async allow(rules) {
      const account = { kind: 'User', name: WORKER.name } as const
      const sets = rolesFor(rules, { name: `cutover-${roles++}`, account })
      for (const object of sets.flatMap(({ objects }) => objects))
        await bind(kubernetes, object as KubeObject)
    },
  }
}

async function bind(kubernetes: Kubernetes, object: KubeObject): Promise<void> {
  const plural = object.kind === 'Role' ? 'roles' : 'rolebindings'
  const { namespace } = object.metadata
  await kubernetes.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${plural}`, object)
}
