// What a proxy serves of an http route of a VirtualService, read out of its route configurations. Pure. Envoy goes on with what it
// had where it refuses what it is sent, so this and not the VirtualService is what users get.
import { type Json, type JsonObject, isObject } from '../../../workflows/json.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { sharesOf } from '../parts.ts'
import type { RuleHere } from '../rules.ts'
import { headerOf } from '../told-by.ts'
import { type Destination, isClusterOf } from './destination.ts'
import { isOurs, ledBy } from './cohort.ts'
import type { Config } from './place.ts'
import type { HeaderMatch, VirtualService } from './virtual-service.ts'

export interface Served {
  rule: RuleHere
  /** `http route main in http.8080`. */
  label: string
  value: Split | Mirror | Cohort
}

export interface ServedLook {
  served: Served[]
  /** Names of route configurations that have some of it. */
  configurations: string[]
  /** Other routes to the destinations of the sides: their requests are counted with ours. */
  sharing: string[]
  /** Routes of others that come before ours and take everything: nobody comes to ours. */
  first: string[]
}

export function servedOf(
  configurations: JsonObject[],
  of: { service: VirtualService; rules: RuleHere[]; target: string; config: Config },
): ServedLook {
  const { service, rules, target, config } = of
  const found: ServedLook = { served: [], configurations: [], sharing: [], first: [] }
  for (const configuration of configurations) {
    const name = String(configuration['name'])
    for (const host of list(configuration['virtual_hosts'])) {
      let before: string | null = null
      for (const route of list(host['routes'])) {
        const clusters = clustersOf(route)
        const rule = isOfService(route, of) ? ruleOf(route, { service, rules, clusters, config }) : null
        if (rule === null) {
          if (clusters.some(({ cluster }) => sideOf(cluster, config) !== null))
            found.sharing.push(`${String(route['name'] || 'a route without a name')} in ${name}`)
          if (takesAll(route)) before ??= `${routeWords(route)} in ${name}`
          continue
        }
        const value =
          target === COHORT
            ? ledIn(configuration, of)
            : target === 'split'
              ? splitOf(clusters, config)
              : mirrorOf(route, config)
        found.served.push({ rule, label: `${rule.label} in ${name}`, value })
        if (!found.configurations.includes(name)) found.configurations.push(name)
        if (before !== null && !found.first.includes(before)) found.first.push(before)
      }
    }
  }
  return found
}

function takesAll(route: JsonObject): boolean {
  const { prefix, case_sensitive: _, ...more } = (at(route, 'match') ?? {}) as JsonObject
  return prefix === '/' && Object.keys(more).length === 0
}

/** `route all of VirtualService shop/older`. */
function routeWords(route: JsonObject): string {
  const [, namespace, service] = /namespaces\/([^/]+)\/virtual-service\/([^/]+)$/.exec(originOf(route)) ?? []
  const name = String(route['name'] || 'without a name')
  return service === undefined ? `route ${name}` : `route ${name} of VirtualService ${namespace}/${service}`
}

/** By the routes of ours in it. */
function ledIn(configuration: JsonObject, of: Pick<Of, 'service' | 'config'>): Cohort {
  const { service, config } = of
  const ours = routesIn(configuration).filter(
    (route) => isOfService(route, of) && isOurs(ownName(route, service), config),
  )
  const name = headerOf(config.cohort ?? {})
  const matches = ours.flatMap((route) =>
    list(at(route, 'match', 'headers')).map((header): HeaderMatch | undefined => {
      if (header['name'] !== name) return undefined
      const [exact, regex] = [
        at(header, 'string_match', 'exact'),
        at(header, 'string_match', 'safe_regex', 'regex'),
      ]
      if (typeof exact === 'string') return { exact }
      return typeof regex === 'string' ? { regex } : undefined
    }),
  )
  return ledBy(matches, config)
}

type Of = { service: VirtualService; rules: RuleHere[]; clusters: Share[]; config: Config }

/**
 * Istio says in every route which object it comes from. Those of a delegate, which has no hosts, come from the one that delegates to
 * it: they are told by their names, `ROOT-OWN`.
 */
function isOfService(route: JsonObject, of: Pick<Of, 'service' | 'config'>): boolean {
  const { service, config } = of
  const origin = originOf(route)
  if (origin.endsWith(`/namespaces/${config.namespace}/virtual-service/${config.virtual_service}`))
    return true
  return isDelegate(service) && origin.includes('/virtual-service/') && ownName(route, service) !== ''
}

function originOf(route: JsonObject): string {
  const origin = at(route, 'metadata', 'filter_metadata', 'istio', 'config')
  return typeof origin === 'string' ? origin : ''
}

function isDelegate({ spec: { hosts = [] } }: VirtualService): boolean {
  return hosts.length === 0
}

/** As the VirtualService calls it, with the name of a match behind it; empty: a delegate has none of that name. */
function ownName(route: JsonObject, service: VirtualService): string {
  const name = String(route['name'] ?? '')
  if (!isDelegate(service)) return name
  const [called = '', ...match] = name.split('.')
  const own = (service.spec.http ?? []).flatMap((rule) => rule.name ?? [])
  const longest = own
    .filter((each) => each !== '' && called.endsWith(`-${each}`))
    .toSorted((one, other) => other.length - one.length)[0]
  return longest === undefined ? '' : [longest, ...match].join('.')
}

/** By its name, with that of a match behind it; without one, by where it leads: then no other may lead there. */
function ruleOf(route: JsonObject, of: Of): RuleHere | null {
  const { service, rules, clusters, config } = of
  const name = ownName(route, service)
  const all = service.spec.http ?? []
  const named = rules.find((rule) => {
    const own = all[rule.at]?.name ?? ''
    const matches = (all[rule.at]?.match ?? []).map((match) => match.name ?? '')
    return own !== '' && (name === own || matches.some((match) => match !== '' && name === `${own}.${match}`))
  })
  const leadsToSides =
    clusters.length > 0 && clusters.every(({ cluster }) => sideOf(cluster, config) !== null)
  // Two that delegate may end the names of their own in the same word.
  if (named !== undefined) return isDelegate(service) && !leadsToSides ? null : named
  const [only] = rules.filter((rule) => (all[rule.at]?.name ?? '') === '')
  const isOther = all.some((each) => (each.name ?? '') !== '' && name.split('.')[0] === each.name)
  return only !== undefined && !isOther && leadsToSides ? only : null
}

interface Share {
  cluster: string
  weight: number
}

/** One destination alone has no weight; those with weight 0 are left out by Istio. */
function clustersOf(route: JsonObject): Share[] {
  const single = at(route, 'route', 'cluster')
  if (typeof single === 'string') return [{ cluster: single, weight: 1 }]
  return list(at(route, 'route', 'weighted_clusters', 'clusters')).map(({ name, weight }) => ({
    cluster: String(name),
    weight: Number(weight ?? 0),
  }))
}

function splitOf(shares: Share[], config: Config): Split {
  const sum = (side: 'old' | 'new'): number =>
    shares.reduce((all, { cluster, weight }) => all + (sideOf(cluster, config) === side ? weight : 0), 0)
  return sharesOf({ old: sum('old'), new: sum('new') }).split
}

function mirrorOf(route: JsonObject, { shadow, namespace }: Config): Mirror {
  const policy = list(at(route, 'route', 'request_mirror_policies')).find(
    ({ cluster }) => shadow !== undefined && isClusterOf(String(cluster), shadow, namespace),
  )
  if (policy === undefined) return { percent: 0 }
  const share = at(policy, 'runtime_fraction', 'default_value')
  if (share === undefined || !isObject(share)) return { percent: 100 }
  const parts = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[
    String(share['denominator'] ?? 'HUNDRED')
  ]
  return { percent: (Number(share['numerator'] ?? 0) * 100) / (parts ?? 100) }
}

function sideOf(cluster: string, { old, new: fresh, namespace }: Config): 'old' | 'new' | null {
  const isOf = (side: Destination): boolean => isClusterOf(cluster, side, namespace)
  return isOf(old) ? 'old' : isOf(fresh) ? 'new' : null
}

function routesIn(configuration: JsonObject): JsonObject[] {
  return list(configuration['virtual_hosts']).flatMap((host) => list(host['routes']))
}

function at(value: JsonObject, ...path: string[]): Json | undefined {
  let here: Json | undefined = value
  for (const name of path) here = here !== undefined && isObject(here) ? here[name] : undefined
  return here
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
