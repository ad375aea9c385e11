// What a resource of Terraform manages, as far as a target can be in it: an object of Kubernetes, a record set, a Helm release. Pure.
// Only what tells it apart and what is compared is kept; of what is sensitive nothing.
import { type Json, type JsonObject, isObject } from '../../workflows/json.ts'
import { type Fate, type Place, type Resource, childOf } from './resource.ts'

export type KubernetesObject = {
  is: 'object'
  group: string
  kind: string
  namespace: string
  name: string
  /** A field by its place in the object: as the configuration writes it, and the number in the state, where it is one and may be said. */
  field(place: Place): { words: string; value: number | null }
}

/** `values` null: sensitive, or of a type that is not compared. */
export type RecordSet = {
  is: 'record'
  name: string
  type: string
  attribute: string
  ttl: number | null
  values: string[] | null
}

export type HelmRelease = { is: 'release'; namespace: string; name: string }

export type Managed = { address: string; fate: Fate } & (KubernetesObject | RecordSet | HelmRelease)

type Of = (resource: Resource) => KubernetesObject | RecordSet | HelmRelease | null

const BLOCKS: { [type: string]: readonly [group: string, kind: string] } = {
  kubernetes_deployment: ['apps', 'Deployment'],
  kubernetes_deployment_v1: ['apps', 'Deployment'],
  kubernetes_stateful_set: ['apps', 'StatefulSet'],
  kubernetes_stateful_set_v1: ['apps', 'StatefulSet'],
  kubernetes_horizontal_pod_autoscaler: ['autoscaling', 'HorizontalPodAutoscaler'],
  kubernetes_horizontal_pod_autoscaler_v1: ['autoscaling', 'HorizontalPodAutoscaler'],
  kubernetes_horizontal_pod_autoscaler_v2: ['autoscaling', 'HorizontalPodAutoscaler'],
  kubernetes_horizontal_pod_autoscaler_v2beta2: ['autoscaling', 'HorizontalPodAutoscaler'],
  argocd_application: ['argoproj.io', 'Application'],
}

/** hashicorp/dns, which writes by RFC 2136: the attribute that holds the values. */
const RECORDS: { [type: string]: readonly [type: string, attribute: string] } = {
  dns_a_record_set: ['A', 'addresses'],
  dns_aaaa_record_set: ['AAAA', 'addresses'],
  dns_cname_record: ['CNAME', 'cname'],
  dns_txt_record_set: ['TXT', 'txt'],
}

const KINDS: { [type: string]: Of } = {
  kubernetes_manifest: ofManifest,
  kubectl_manifest: ofKubectl,
  helm_release: ofRelease,
  powerdns_record: ofPowerDns,
  ...Object.fromEntries(Object.entries(BLOCKS).map(([type, [group, kind]]) => [type, blocksOf(group, kind)])),
  ...Object.fromEntries(
    Object.entries(RECORDS).map(([type, [record, attribute]]) => [type, recordsOf(record, attribute)]),
  ),
}

export function isManaging(type: string): boolean {
  return Object.hasOwn(KINDS, type)
}

/** Null: it does not say of what it is. */
export function managedBy(resource: Resource): Managed | null {
  const of = KINDS[resource.type]?.(resource) ?? null
  return of === null ? null : { address: resource.address, fate: resource.fate, ...of }
}

/** In a state file a value of any type stands beside its type; `show` prints it alone. */
function ofManifest({ attributes, isSensitive }: Resource): KubernetesObject | null {
  const written = attributes['manifest'] ?? null
  const isTyped = isObject(written) && written['type'] !== undefined && written['value'] !== undefined
  const manifest = isTyped ? (written['value'] ?? null) : written
  if (!isObject(manifest)) return null
  const { apiVersion, kind, metadata = null } = manifest
  return objectOf({ apiVersion, kind, metadata: isObject(metadata) ? metadata : {} }, (place) => ({
    words: `manifest${hcl(place)}`,
    value: isSensitive(['manifest', ...place]) ? null : numberOf(at(manifest, place)),
  }))
}

/** `yaml_body` is sensitive as a whole: what it says is not known here. */
function ofKubectl({ attributes: { api_version: apiVersion, kind, name, namespace } }: Resource) {
  return objectOf(
    { apiVersion, kind, metadata: { name: name ?? null, namespace: namespace ?? null } },
    (place) => ({
      words: `yaml_body: ${hcl(place).replace(/^\./, '')}`,
      value: null,
    }),
  )
}

function objectOf(
  {
    apiVersion,
    kind,
    metadata,
  }: { apiVersion: Json | undefined; kind: Json | undefined; metadata: JsonObject },
  field: KubernetesObject['field'],
): KubernetesObject | null {
  const { name, namespace } = metadata
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof apiVersion !== 'string') return null
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return { is: 'object', group, kind, namespace: namespaceIn(namespace), name, field }
}

/** Blocks are lists of one, their names in the other case: `/spec/minReplicas` is `spec[0].min_replicas`. */
function blocksOf(group: string, kind: string): Of {
  return ({ attributes, isSensitive }) => {
    const { name, namespace } = (at(attributes, ['metadata', 0]) ?? {}) as JsonObject
    if (typeof name !== 'string') return null
    return {
      is: 'object',
      group,
      kind,
      namespace: namespaceIn(namespace),
      name,
      field(place) {
        const names = place.map((step) => (typeof step === 'number' ? step : snake(step)))
        const inState = names.flatMap((step, depth) => (depth === names.length - 1 ? [step] : [step, 0]))
        return {
          words: hcl(names).replace(/^\./, ''),
          value: isSensitive(inState) ? null : numberOf(at(attributes, inState)),
        }
      },
    }
  }
}

function ofRelease({ attributes: { name, namespace } }: Resource): HelmRelease | null {
  return typeof name === 'string' ? { is: 'release', namespace: namespaceIn(namespace), name } : null
}

function ofPowerDns({ attributes, isSensitive }: Resource): RecordSet | null {
  const { name, type } = attributes
  if (typeof name !== 'string' || typeof type !== 'string') return null
  return { ...recordOf({ attributes, isSensitive }, 'records'), name: rooted(name), type: type.toUpperCase() }
}

function recordsOf(type: string, attribute: string): Of {
  return ({ attributes, isSensitive }) => {
    const { zone, name } = attributes
    if (typeof zone !== 'string') return null
    const whole = typeof name === 'string' && name !== '' ? `${name}.${zone}` : zone // without a name it is the zone itself
    return { ...recordOf({ attributes, isSensitive }, attribute), name: rooted(whole), type }
  }
}

function recordOf(
  { attributes, isSensitive }: Pick<Resource, 'attributes' | 'isSensitive'>,
  attribute: string,
): Omit<RecordSet, 'name' | 'type'> {
  const held = attributes[attribute]
  const values = (Array.isArray(held) ? held : [held]).filter((each) => typeof each === 'string')
  const isHidden = isSensitive([attribute]) || values.some((_, index) => isSensitive([attribute, index]))
  const ttl = isSensitive(['ttl']) ? null : numberOf(attributes['ttl'])
  return { is: 'record', attribute, ttl, values: isHidden || values.length === 0 ? null : values }
}

function rooted(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

function namespaceIn(value: Json | undefined): string {
  return typeof value === 'string' && value !== '' ? value : 'default'
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Numbers only, which are what is compared: a text may be anything. */
function numberOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null
}

function at(value: Json, place: Place): Json | undefined {
  let found: Json | undefined = value
  for (const step of place) found = childOf(found, step)
  return found
}

/** `.spec.rules[0].weight`. */
function hcl(place: Place): string {
  return place
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
    })
    .join('')
}
