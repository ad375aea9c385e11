// The objects of Kubernetes that are looked at, as far as they are read, and what selects what. Pure.
import type { KubeObject } from '../../kubernetes/client.ts'
import type { WorkloadObject } from '../../kubernetes/workload-status.ts'

export type Labels = Record<string, string>
export type Amounts = Record<string, string>

export interface Probe {
  httpGet?: { path?: string; port?: number | string }
  tcpSocket?: { port?: number | string }
  grpc?: { port?: number; service?: string }
  exec?: { command?: string[] }
  periodSeconds?: number
  failureThreshold?: number
}

export interface Container {
  name: string
  image?: string
  /** Of an init container: `Always` makes it one that goes on beside the others. */
  restartPolicy?: string
  ports?: object[]
  resources?: { requests?: Amounts; limits?: Amounts }
  readinessProbe?: Probe
  livenessProbe?: Probe
  lifecycle?: {
    preStop?: {
      sleep?: { seconds?: number }
      exec?: { command?: string[] }
      httpGet?: object
      tcpSocket?: object
    }
  }
}

export interface AffinityTerm {
  namespaces?: string[]
  namespaceSelector?: object
}

export interface PodAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: AffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?: { podAffinityTerm: AffinityTerm }[]
}

export interface PodSpec {
  containers: Container[]
  /** Of the whole pod, beside those of its containers. */
  resources?: { requests?: Amounts; limits?: Amounts }
  affinity?: { podAffinity?: PodAffinity; podAntiAffinity?: PodAffinity }
  initContainers?: Container[]
  overhead?: Amounts
  terminationGracePeriodSeconds?: number
  priorityClassName?: string
  activeDeadlineSeconds?: number
}

export interface Selector {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

export interface Template {
  metadata?: { labels?: Labels }
  spec?: PodSpec
}

export type Workload = Omit<WorkloadObject, 'spec'> & {
  spec?: WorkloadObject['spec'] & { selector?: Selector; template?: Template }
}

export interface ContainerStatus {
  name: string
  restartCount?: number
  state?: { waiting?: { reason?: string; message?: string } }
  lastState?: { terminated?: { reason?: string; finishedAt?: string; exitCode?: number } }
}

export interface Pod extends KubeObject {
  spec?: { priorityClassName?: string }
  status?: {
    phase?: string
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}

export interface Service extends KubeObject {
  spec?: { selector?: Labels }
}

export interface Budget extends KubeObject {
  spec?: { selector?: Selector; minAvailable?: number | string; maxUnavailable?: number | string }
  status?: { currentHealthy?: number; desiredHealthy?: number }
}

export interface Quota extends KubeObject {
  spec?: { hard?: Amounts; scopes?: string[]; scopeSelector?: { matchExpressions?: ScopeRule[] } }
  status?: { hard?: Amounts; used?: Amounts }
}

export interface ScopeRule {
  scopeName: string
  operator: 'Exists' | 'DoesNotExist' | 'In' | 'NotIn'
  values?: string[]
}

export interface LimitRange extends KubeObject {
  spec?: { limits?: Limit[] }
}

export interface Limit {
  type?: string
  max?: Amounts
  min?: Amounts
  default?: Amounts
  defaultRequest?: Amounts
  maxLimitRequestRatio?: Amounts
}

export interface TrafficPolicy {
  connectionPool?: object
  outlierDetection?: {
    consecutive5xxErrors?: number
    consecutiveGatewayErrors?: number
    consecutiveErrors?: number
  }
}

export interface MeshRule extends KubeObject {
  spec?: {
    host?: string
    trafficPolicy?: TrafficPolicy
    subsets?: { name: string; labels?: Labels; trafficPolicy?: TrafficPolicy }[]
  }
}

/** As `policy/v1` has it: an empty selector selects everything, none at all nothing. */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const { matchLabels = {}, matchExpressions = [] } = selector
  return holds(matchLabels, labels) && matchExpressions.every((each) => isMet(each, labels))
}

export function holds(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}

/** For the query `labelSelector`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const parts = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const more = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...parts, ...more].join(',')
}

function isMet(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Labels,
): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}
