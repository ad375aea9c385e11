// How a runbook, a VirtualService and a proxy name one destination, and whether they mean the same. Pure. A host without a dot is
// a Service of the namespace; in any other form it is taken as it stands, so `orders.shop` is no Service.
import type { JsonObject } from '../../../workflows/json.ts'
import { escaped } from '../../envoy/admin-names.ts'

/** As a runbook says it. */
export interface Destination {
  host: string
  subset?: string
  port?: number
}

/** As it is stored. */
export interface StoredDestination extends JsonObject {
  host: string
  subset?: string
  port?: { number: number }
}

export function nameOf({ host, subset, port }: Destination): string {
  const on = port === undefined ? host : `${host}:${port}`
  return subset === undefined ? on : `${on} subset ${subset}`
}

export function storedName({ host, subset, port }: StoredDestination): string {
  return nameOf({ host, ...(subset && { subset }), ...(port && { port: port.number }) })
}

export function storedOf({ host, subset, port }: Destination): StoredDestination {
  return { host, ...(subset && { subset }), ...(port && { port: { number: port } }) }
}

export function isSame(stored: StoredDestination, wanted: Destination, namespace: string): boolean {
  return (
    keyOf(stored.host, namespace) === keyOf(wanted.host, namespace) &&
    (stored.subset ?? '') === (wanted.subset ?? '') &&
    (wanted.port === undefined || stored.port?.number === wanted.port)
  )
}

/** The same for every way to write a host; without the domain of the cluster, which nothing here knows. */
export function keyOf(host: string, namespace: string): string {
  const service = serviceOf(host, namespace)
  return service === null ? host : `${service.name}.${service.namespace}.svc`
}

/** The Service of Kubernetes that a host means; null: it is some other name. */
export function serviceOf(host: string, namespace: string): { name: string; namespace: string } | null {
  if (!host.includes('.')) return { name: host, namespace }
  const [, name, there] = /^([^.]+)\.([^.]+)\.svc\..+$/.exec(host) ?? []
  return name === undefined || there === undefined ? null : { name, namespace: there }
}

/** Whether this cluster of a proxy is that destination: `outbound|8080|v2|orders.shop.svc.cluster.local`. */
export function isClusterOf(cluster: string, wanted: Destination, namespace: string): boolean {
  const [direction, port, subset, host = ''] = cluster.split('|')
  return (
    direction === 'outbound' &&
    keyOf(host, namespace) === keyOf(wanted.host, namespace) &&
    subset === (wanted.subset ?? '') &&
    (wanted.port === undefined || port === String(wanted.port))
  )
}

/** What the names of its clusters look like (RE2). */
export function clusterPattern({ host, subset = '' }: Destination, namespace: string): string {
  const key = escaped(keyOf(host, namespace))
  const domain = serviceOf(host, namespace) === null ? '' : '\\..*'
  return `outbound\\|\\d+\\|${escaped(subset)}\\|${key}${domain}`
}
