// What a runbook says about a Kustomization or a HelmRelease of Flux, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { type KubeRule, defineSpec } from '../../provider.ts'

export const SOURCES = { group: 'source.toolkit.fluxcd.io', version: 'v1' } as const

/** The kinds that can be suspended, by the field of the runbook; `sources`: what each may be made from, and is looked at for. */
export const KINDS = {
  kustomization: {
    group: 'kustomize.toolkit.fluxcd.io',
    version: 'v1',
    resource: 'kustomizations',
    kind: 'Kustomization',
    sources: ['gitrepositories', 'ocirepositories', 'buckets'],
  },
  helm_release: {
    group: 'helm.toolkit.fluxcd.io',
    version: 'v2',
    resource: 'helmreleases',
    kind: 'HelmRelease',
    sources: ['helmcharts', 'gitrepositories', 'helmrepositories', 'buckets'],
  },
} as const

export const FluxConfig = z
  .strictObject({
    ...kubernetesAccess,
    kustomization: KubeName.exactOptional().describe(
      'Name of the Kustomization; `namespace` is the one that it lives in',
    ),
    helm_release: KubeName.exactOptional().describe('Name of the HelmRelease, instead'),
  })
  .superRefine(demandOneAccess)
  .refine(
    ({ kustomization, helm_release: release }) => (kustomization === undefined) !== (release === undefined),
    {
      message: 'name the kustomization or the helm_release: one of them',
      path: ['kustomization'],
    },
  )
export type FluxConfig = z.infer<typeof FluxConfig>

export type FluxKind = (typeof KINDS)[keyof typeof KINDS]

export function suspendedIn(config: FluxConfig): { kind: FluxKind; name: string } {
  const { kustomization, helm_release: release } = config
  return kustomization === undefined
    ? { kind: KINDS.helm_release, name: release ?? '' }
    : { kind: KINDS.kustomization, name: kustomization }
}

export function rulesOf(config: FluxConfig): KubeRule[] {
  const place = { cluster: clusterOf(config), namespace: config.namespace }
  const { kind, name } = suspendedIn(config)
  const own = { ...place, group: kind.group, resource: kind.resource, verbs: ['get', 'patch'], names: [name] }
  const sources = kind.sources.map((resource) => ({
    ...place,
    group: SOURCES.group,
    resource,
    verbs: ['get'],
  }))
  return [own, ...sources]
}

export const spec = defineSpec({
  id: 'reconciler/flux',
  port: 'reconciler',
  summary: 'a Kustomization or a HelmRelease of Flux',
  config: FluxConfig,
  supports: {
    port: 'reconciler',
    compareAndSet: true,
    landsWithin: '1m', // an API server ends a request after this long (--request-timeout)
    showsWithin: '1s', // a look reads what was stored
    proof: 'the request that its controller has handled, and once it goes on a Ready for that generation',
    cautions: [
      'while it is suspended Flux compares nothing: what it would change shows when it goes on, so a handback knows only that its source has moved',
      'whoever declares the Kustomization or HelmRelease itself may let it go on, where that declaration says `suspend`',
    ],
  },
  locks: (config) => {
    const { kind, name } = suspendedIn(config)
    return [`flux ${clusterOf(config)} ${kind.kind.toLowerCase()} ${config.namespace}/${name}`]
  },
  rules: rulesOf,
})
