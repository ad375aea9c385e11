// An Application and a Kustomization on the API server with nobody behind them: for what a provider reads and writes. What their
// controllers make of it is asked of the real ones (under-real.ts).
import { ArgoCdConfig, rulesOf as argoRules } from '../../../activities/reconciler/argo-cd/schema.ts'
import { FluxConfig, rulesOf as fluxRules } from '../../../activities/reconciler/flux/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { ChangingBench } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'

export type Alone = Omit<ChangingBench, 'provider' | 'values'>

const APPLICATIONS = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/applications`
const KUSTOMIZATIONS = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${NAMESPACE}/kustomizations`

export async function argoBench(ground: Ground, name: string): Promise<Alone> {
  await ground.kubernetes.create(APPLICATIONS, {
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
  const config = { ...ACCESS, application: name }
  await ground.allow(argoRules(ArgoCdConfig.parse(config)))
  const suspended = { spec: { syncPolicy: { automated: { enabled: false } } } }
  return { ...common(ground, { path: `${APPLICATIONS}/${name}`, suspended }), config }
}

export async function fluxBench(ground: Ground, name: string): Promise<Alone> {
  await ground.kubernetes.create(KUSTOMIZATIONS, {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, annotations: { owner: 'the shop' } },
    spec: { interval: '1m', prune: true, path: '.', sourceRef: { kind: 'GitRepository', name } },
  } as unknown as KubeObject)
  const config = { ...ACCESS, kustomization: name }
  await ground.allow(fluxRules(FluxConfig.parse(config)))
  return {
    ...common(ground, { path: `${KUSTOMIZATIONS}/${name}`, suspended: { spec: { suspend: true } } }),
    config,
  }
}

function common(ground: Ground, { path, suspended }: { path: string; suspended: object }) {
  const { kubernetes } = ground
  return {
    deps: ground.deps(),
    target: 'reconciling',
    missingTarget: 'elsewhere',
    async neighbours(): Promise<Json> {
      const { spec, metadata } = (await kubernetes.get(path)) as KubeObject & { spec: JsonObject }
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
    end: async () => {},
  }
}
