// An Application and a Kustomization on the API server, each with a route that it declares and a controller that puts it back.
import { ArgoCdConfig, rulesOf as argoRules } from '../../../activities/reconciler/argo-cd/schema.ts'
import { FluxConfig, rulesOf as fluxRules } from '../../../activities/reconciler/flux/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { ChangingBench } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'
import { pathOf, ref } from '../traffic/gateway-bench.ts'
import { type Controller, type Git, startArgoCd, startFlux } from './controllers.ts'

export type Reconciled = Omit<ChangingBench, 'provider' | 'values'> & {
  path: string
  git: Git
  controller: Controller
  /** Somebody sets the weights of the route that it declares. */
  setWeights(old: number, fresh: number): Promise<void>
  weights(): Promise<number[]>
  get(): Promise<KubeObject & { spec: JsonObject }>
}

const APPLICATIONS = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/applications`
const KUSTOMIZATIONS = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${NAMESPACE}/kustomizations`
const SOURCES = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${NAMESPACE}/gitrepositories`

/** What the repository says of the weights, at another revision. */
export function commit(git: Git, { name, old, fresh }: { name: string; old: number; fresh: number }): void {
  const manifest = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { rules: [{ backendRefs: [ref('v1', old), ref('v2', fresh)] }] },
  }
  git.objects = [{ path: pathOf(name), kind: 'HTTPRoute', name, namespace: NAMESPACE, manifest }]
  git.revision = `main@sha1:${String(Number(/\d+$/.exec(git.revision)?.[0] ?? 0) + 1).padStart(4, '0')}`
}

async function declared(ground: Ground, name: string): Promise<Git> {
  const git: Git = { revision: 'main@sha1:0000', objects: [] }
  commit(git, { name, old: 100, fresh: 0 })
  const [object] = git.objects
  if (object !== undefined) await ground.kubernetes.create(pathOf(''), object.manifest as KubeObject)
  return git
}

export async function argoBench(ground: Ground, name: string): Promise<Reconciled> {
  const { kubernetes } = ground
  const git = await declared(ground, name)
  await kubernetes.create(APPLICATIONS, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, annotations: { owner: 'the shop' } },
    spec: {
      project: 'default',
      destination: { namespace: NAMESPACE },
      source: { repoURL: 'https://git.example/orders', path: '.' },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
  } as unknown as KubeObject)
  const path = `${APPLICATIONS}/${name}`
  const config = { ...ACCESS, application: name }
  await ground.allow(argoRules(ArgoCdConfig.parse(config)))
  const suspended = { spec: { syncPolicy: { automated: { enabled: false } } } }
  return {
    ...common(ground, { path, name, git, suspended }),
    config,
    controller: startArgoCd(kubernetes, { path, git }),
  }
}

export async function fluxBench(ground: Ground, name: string): Promise<Reconciled> {
  const { kubernetes } = ground
  const git = await declared(ground, name)
  const own = { metadata: { name, annotations: { owner: 'the shop' } } }
  await kubernetes.create(SOURCES, {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    ...own,
    spec: { interval: '1m', url: 'https://git.example/orders' },
  } as unknown as KubeObject)
  await kubernetes.create(KUSTOMIZATIONS, {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    ...own,
    spec: { interval: '1m', prune: true, path: '.', sourceRef: { kind: 'GitRepository', name } },
  } as unknown as KubeObject)
  const path = `${KUSTOMIZATIONS}/${name}`
  const config = { ...ACCESS, kustomization: name }
  await ground.allow(fluxRules(FluxConfig.parse(config)))
  return {
    ...common(ground, { path, name, git, suspended: { spec: { suspend: true } } }),
    config,
    controller: startFlux(kubernetes, { path, source: `${SOURCES}/${name}`, git }),
  }
}

function common(
  ground: Ground,
  { path, name, git, suspended }: { path: string; name: string; git: Git; suspended: object },
) {
  const { kubernetes } = ground
  const get = () => kubernetes.get(path) as Promise<KubeObject & { spec: JsonObject }>
  return {
    path,
    git,
    deps: ground.deps(),
    target: 'reconciling',
    missingTarget: 'elsewhere',
    get,
    async neighbours(): Promise<Json> {
      const { spec, metadata } = await get()
      const { suspend: _suspend, ...rest } = structuredClone(spec)
      delete (rest['syncPolicy'] as JsonObject | undefined)?.['automated']
      const { owner } = (metadata as { annotations?: Record<string, string> }).annotations ?? {}
      return { rest, owner: owner ?? null }
    },
    /** Whoever it is, by hand. */
    stranger: async () => void (await kubernetes.patch(`${path}?fieldManager=kubectl-edit`, suspended)),
    outage: () => freeze(kubernetes.server.pid),
    wrongCredentials: { config: {}, deps: ground.intruder() },
    secrets: ground.secrets,
    async setWeights(old: number, fresh: number) {
      const spec = { rules: [{ backendRefs: [ref('v1', old), ref('v2', fresh)] }] }
      await kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, { spec })
    },
    async weights() {
      const route = (await kubernetes.get(pathOf(name))) as unknown as {
        spec: { rules: { backendRefs: { weight: number }[] }[] }
      }
      return route.spec.rules[0]?.backendRefs.map(({ weight }) => weight) ?? []
    },
    end: async () => {},
  }
}
