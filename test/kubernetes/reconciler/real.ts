// An Application of Argo CD and a Kustomization of Flux under their own controllers: each with a repository served over HTTP and the
// route that stands in it. Nothing here decides anything for them.
import { stringify } from 'yaml'
import { ArgoCdConfig, rulesOf as argoRules } from '../../../activities/reconciler/argo-cd/schema.ts'
import { REFRESH } from '../../../activities/reconciler/argo-cd/application.ts'
import { FluxConfig, rulesOf as fluxRules } from '../../../activities/reconciler/flux/schema.ts'
import { ARGO_CD, startArgoCd } from '../../../lab/servers/argo-cd.ts'
import { type Applier, startFlux } from '../../../lab/servers/flux.ts'
import { type Repository, startRepository } from '../../../lab/servers/git.ts'
import type { KubeObject, Kubernetes } from '../../../lab/servers/kubernetes.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { ACCESS, type Ground, NAMESPACE, startGround } from '../ground.ts'
import { pathOf, ref } from '../traffic/gateway-bench.ts'

export const FOLLOWS_MS = 45_000 // a controller on busy cores, which goes by its own rhythm
const FLUX = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' }
const KUSTOMIZATIONS = `/apis/${FLUX.apiVersion}/namespaces/${NAMESPACE}/kustomizations`
const HELM = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' }
const RELEASES = `/apis/${HELM.apiVersion}/namespaces/${NAMESPACE}/helmreleases`
const CHART_VERSION = '0.1.0'
const REVISION_DIGITS = 12 // of the commit in the version of a chart, by source-controller
const SOURCES = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${NAMESPACE}/gitrepositories`
const APPLICATIONS = `/apis/argoproj.io/v1alpha1/namespaces/${ARGO_CD}/applications`
const RHYTHM = '2s' // ten minutes, where nobody waits for it
const USERS = ['v1', 'v2'] as const

export type Reconciled = KubeObject & {
  metadata: { annotations?: Record<string, string>; generation: number }
  spec: JsonObject
  status?: JsonObject
}

/** One that stands for a service: its repository, the object that reconciles it, and the route that it declares. */
export interface Declared {
  name: string
  path: string
  config: JsonObject
  repository: Repository
  get(): Promise<Reconciled>
  /** What stands in the repository for these. */
  manifest(old: number, fresh: number): string
  /** In the repository; returns what its controller calls it. */
  commit(old: number, fresh: number): Promise<string>
  /** On the API server, by hand. */
  setWeights(old: number, fresh: number): Promise<void>
  route(): Promise<{ weights: number[]; generation: number; metadata: KubeObject['metadata'] }>
}

export interface Real {
  ground: Ground
  /** Whoever applies what is declared. */
  controller: ServerHandle
  /** What it fetches from, beside. */
  source: ServerHandle | null
  /** With 100 : 0, applied for the first time. `backends`: of the route. */
  declare(name: string, backends?: readonly [string, string]): Promise<Declared>
  end(): Promise<void>
}

/** Kustomizations, under kustomize-controller. */
export async function realFlux(): Promise<Real> {
  return await fluxWith('kustomize-controller', (name) => ({
    collection: KUSTOMIZATIONS,
    config: { kustomization: name },
    object: {
      ...FLUX,
      spec: {
        interval: RHYTHM,
        prune: true,
        path: './',
        targetNamespace: NAMESPACE,
        sourceRef: { kind: 'GitRepository', name },
      },
    },
  }))
}

/** HelmReleases, under helm-controller: a chart in the repository, which a drift from it is put back to. */
export async function realHelm(): Promise<Real> {
  return await fluxWith('helm-controller', (name) => ({
    collection: RELEASES,
    config: { helm_release: name },
    object: {
      ...HELM,
      spec: {
        interval: RHYTHM,
        driftDetection: { mode: 'enabled' },
        chart: {
          spec: {
            chart: './',
            interval: RHYTHM,
            reconcileStrategy: 'Revision',
            sourceRef: { kind: 'GitRepository', name },
          },
        },
      },
    },
    chart: { apiVersion: 'v2', name, version: CHART_VERSION },
  }))
}

type FluxDeclaration = { collection: string; config: JsonObject; object: object; chart?: JsonObject }

async function fluxWith(applier: Applier, declarationOf: (name: string) => FluxDeclaration): Promise<Real> {
  const ground = await startGround(['gateway-api', 'flux'])
  const { kubernetes } = ground
  const flux = await startFlux(kubernetes.kubeconfig(kubernetes.admin), applier)
  const repositories: Repository[] = []
  return {
    ground,
    controller: flux.applier,
    source: flux.source,
    async declare(name, backends = USERS) {
      const { collection, config: own, object, chart } = declarationOf(name)
      const declared = await repositoryOf(ground, { name, backends, path: `${collection}/${name}`, chart })
      repositories.push(declared.repository)
      const metadata = { name, annotations: { owner: 'the shop' } }
      await kubernetes.create(SOURCES, {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'GitRepository',
        metadata,
        spec: { interval: RHYTHM, url: declared.repository.url, ref: { branch: 'main' } },
      } as unknown as KubeObject)
      await kubernetes.create(collection, { ...object, metadata } as unknown as KubeObject)
      const config = { ...ACCESS, ...own }
      await ground.allow(fluxRules(FluxConfig.parse(config)))
      await applied(declared)
      return { ...declared, config }
    },
    end: () => endAll([flux], ground, repositories),
  }
}

export async function realArgoCd(): Promise<Real> {
  const ground = await startGround(['gateway-api', 'argo-cd-whole'])
  const { kubernetes } = ground
  const argo = await startArgoCd(kubernetes)
  const repositories: Repository[] = []
  return {
    ground,
    controller: argo.controller,
    source: null,
    async declare(name, backends = USERS) {
      const declared = await repositoryOf(ground, { name, backends, path: `${APPLICATIONS}/${name}` })
      repositories.push(declared.repository)
      await kubernetes.create(APPLICATIONS, applicationOf(name, declared.repository.url))
      const config = { ...ACCESS, namespace: ARGO_CD, application: name }
      await ground.allow(argoRules(ArgoCdConfig.parse(config)))
      await applied(declared)
      return { ...declared, config }
    },
    end: () => endAll([argo], ground, repositories),
  }
}

function applicationOf(name: string, repoURL: string): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, annotations: { owner: 'the shop' } },
    spec: {
      project: 'default',
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      source: { repoURL, path: '.', targetRevision: 'main' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  }
}

/** As a webhook of its repository does: Argo CD is asked to look, and has. */
export async function compared(kubernetes: Kubernetes, { path, get }: Declared): Promise<void> {
  await kubernetes.patch(path, { metadata: { annotations: { [REFRESH]: 'normal' } } })
  const isDone = async () => (await get()).metadata.annotations?.[REFRESH] === undefined
  await until('Argo CD has looked', isDone, FOLLOWS_MS)
}

/** The route as it stands in a repository. */
function manifestOf(name: string, backends: readonly [string, string], weights: [number, number]) {
  const [old, fresh] = backends
  return stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'edge' }, { name: 'inside' }],
      rules: [{ backendRefs: [ref(old, weights[0]), ref(fresh, weights[1])] }],
    },
  })
}

type Of = {
  name: string
  backends: readonly [string, string]
  path: string
  chart?: JsonObject | undefined
}

async function repositoryOf({ kubernetes }: Ground, { name, backends, path, chart }: Of) {
  const repository = await startRepository()
  const manifest = (old: number, fresh: number) => manifestOf(name, backends, [old, fresh])
  const commit = async (old: number, fresh: number): Promise<string> => {
    const route = manifest(old, fresh)
    if (chart === undefined) return await repository.commit({ 'route.yaml': route })
    const files = { 'Chart.yaml': stringify(chart), 'templates/route.yaml': route }
    return `${CHART_VERSION}+${(await repository.commit(files)).slice(0, REVISION_DIGITS)}`
  }
  await commit(100, 0)
  return {
    name,
    path,
    repository,
    manifest,
    commit,
    get: () => kubernetes.get(path) as Promise<Reconciled>,
    async setWeights(old: number, fresh: number) {
      const spec = { rules: [{ backendRefs: [ref(backends[0], old), ref(backends[1], fresh)] }] }
      await kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, { spec })
    },
    async route() {
      const { metadata, spec } = (await kubernetes.get(pathOf(name))) as unknown as Route
      const weights = spec.rules[0]?.backendRefs.map(({ weight }) => weight) ?? []
      return { weights, generation: metadata.generation, metadata }
    },
  }
}

type Route = {
  metadata: KubeObject['metadata'] & { generation: number }
  spec: { rules: { backendRefs: { weight: number }[] }[] }
}

async function applied({ name, route }: Pick<Declared, 'name' | 'route'>): Promise<void> {
  await until(`${name} is applied`, async () => (await route()).weights[0] === 100, FOLLOWS_MS)
}

async function endAll(
  controllers: { end(): Promise<void> }[],
  ground: Ground,
  repositories: Repository[],
): Promise<void> {
  for (const each of controllers) await each.end()
  await ground.kubernetes.server.close()
  for (const repository of repositories) repository.end()
}
