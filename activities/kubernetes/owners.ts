// Who else declares an object: what Argo CD, Flux, Helm and controllers leave on it, and whose fields are whose. Pure. What
// reconciles an object puts back what is set here, so plans name it; who wrote a field last is the writer of a conflict.
import type { JsonObject } from '../../workflows/json.ts'
import { isObject } from '../../workflows/json.ts'
import type { Declaration, Reconciler } from '../../workflows/ports/target.ts'
import {
  FIELD_MANAGER,
  type KubeObject,
  type ManagedFields,
  type Metadata,
  type PatchOperation,
} from './client.ts'

/** Their names as field managers, where no label or annotation names them better. */
const RECONCILERS: [RegExp, string][] = [
  [/^argocd/, 'Argo CD'],
  [/^(kustomize|helm)-controller$/, 'Flux'],
  [/^helm$/i, 'Helm'],
  [/terraform/i, 'Terraform'],
  [/^pulumi/i, 'Pulumi'],
  [/crossplane/i, 'Crossplane'],
  [/rollouts-controller/, 'Argo Rollouts'],
  [/^flagger/, 'Flagger'],
]
/** People, or scripts that use their tools: those must be asked, machines need not be. */
const PEOPLE = /^(kubectl|k9s|lens|openlens|freelens|headlamp|mozilla|oc$)/i

/**
 * Those of them that put back what is set, by the name that their own object has: a step may suspend them. `object` as it is named in
 * messages: `HTTPRoute shop/orders`.
 */
export function reconcilersOf(object: KubeObject, { as, what }: { as: string; what: string }): Reconciler[] {
  return byMark(object.metadata).flatMap((owner) =>
    owner.name === null ? [] : [{ name: owner.name, object: as, caution: cautionOf(owner, what) }],
  )
}

/** The Helm release of each object that says so; a declaration of that release (Terraform's) is one of the object. */
export function releasesOf(objects: readonly KubeObject[]): { releases?: string[] } {
  const releases = objects.flatMap(({ metadata: { annotations = {}, namespace } }) => {
    const name = annotations['meta.helm.sh/release-name']
    const place = annotations['meta.helm.sh/release-namespace'] ?? namespace ?? 'default'
    return name === undefined ? [] : [`${place}/${name}`]
  })
  return releases.length === 0 ? {} : { releases: [...new Set(releases)] }
}

/** What must be declared: the patch that sets it, with its tests, which tell a declaration that is in another order. */
export function declarationOf(object: string, patch: PatchOperation[] = []): { declares?: Declaration[] } {
  return patch.some(({ op }) => op !== 'test') ? { declares: [{ object, patch }] } : {}
}

/** One caution for each that declares the object; `what` it would put back. */
export function ownersOf({ metadata }: KubeObject, what: string): string[] {
  const named = [...byMark(metadata), ...byOwner(metadata)]
  const known = named.map(({ by }) => by)
  const managers = (metadata.managedFields ?? []).flatMap(({ manager = '' }) => {
    const by = RECONCILERS.find(([pattern]) => pattern.test(manager))?.[1]
    return by === undefined || known.includes(by)
      ? []
      : [{ by, as: `field manager ${manager}`, stop: null, name: null }]
  })
  const all = [
    ...named,
    ...managers.filter(({ by }, at) => managers.findIndex((each) => each.by === by) === at),
  ]
  return all.map((owner) => cautionOf(owner, what))
}

function cautionOf({ by, as, stop }: Owner, what: string): string {
  return `${by} declares it (${as}) and may put back ${what} set here${stop === null ? '' : `: ${stop} for the time of the run`}`
}

/** `name` null: nothing that a step could suspend. */
type Owner = { by: string; as: string; stop: string | null; name: string | null }

function byMark({ labels = {}, annotations = {} }: Metadata): Owner[] {
  const found: Owner[] = []
  const tracking = annotations['argocd.argoproj.io/tracking-id']
  const application = tracking?.split(':')[0] ?? labels['argocd.argoproj.io/instance']
  if (application !== undefined)
    found.push({
      by: 'Argo CD',
      as: `application ${application}`,
      stop: `suspend its automated sync (\`argocd app set ${application} --sync-policy none\`)`,
      name: `Argo CD application ${application}`,
    })
  for (const kind of ['kustomize', 'helm'] as const) {
    const name = labels[`${kind}.toolkit.fluxcd.io/name`]
    const namespace = labels[`${kind}.toolkit.fluxcd.io/namespace`]
    const type = kind === 'helm' ? 'helmrelease' : 'kustomization'
    if (name !== undefined)
      found.push({
        by: 'Flux',
        as: `${type} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
        stop: `suspend it (\`flux suspend ${type} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}\`)`,
        name: `Flux ${type} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
      })
  }
  const release = annotations['meta.helm.sh/release-name']
  if (release !== undefined && !found.some(({ by }) => by === 'Flux'))
    found.push({ by: 'Helm', as: `release ${release}`, stop: 'let nobody upgrade it', name: null })
  return found
}

function byOwner({ ownerReferences = [] }: Metadata): Owner[] {
  return ownerReferences
    .filter(({ controller }) => controller === true)
    .map(({ kind, name }) => ({
      by: `the controller of ${kind} ${name}`,
      as: 'owner reference',
      stop: null,
      name: null,
    }))
}

export interface Writer {
  writer: string
  writtenBy: 'person' | 'machine'
}

/** Who wrote a field last, by its path (`['spec', 'replicas']`); null: nobody is recorded, or it was us. */
export function writerOf({ metadata }: KubeObject, path: string[]): Writer | null {
  const owners = (metadata.managedFields ?? []).filter(({ fieldsV1 }) => holds(fieldsV1, path))
  const last = owners.reduce<ManagedFields | null>(
    (latest, each) => (latest === null || (each.time ?? '') >= (latest.time ?? '') ? each : latest),
    null,
  )
  const manager = last?.manager
  if (manager === undefined || manager === FIELD_MANAGER) return null
  return { writer: manager, writtenBy: PEOPLE.test(manager) ? 'person' : 'machine' }
}

/** A list that is one unit (`f:rules: {}`) holds all that is below it. */
function holds(fields: JsonObject | undefined, path: string[]): boolean {
  let at: JsonObject | undefined = fields
  for (const [depth, name] of path.entries()) {
    const next = at?.[`f:${name}`]
    if (next === undefined || !isObject(next))
      return depth > 0 && at !== undefined && Object.keys(at).length === 0
    at = next
  }
  return at !== undefined
}
