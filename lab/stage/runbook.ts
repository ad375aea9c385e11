// An example runbook on the lab: its connections replaced by the lab's servers, its hours by seconds. The steps stay.
import { parse, stringify } from 'yaml'
import type { JsonObject } from '../../workflows/json.ts'
import type { Lab } from '../../workflows/steps/kind.ts'
import { kindOf } from '../../workflows/steps/kind-of.ts'
import type { StepKind } from '../../workflows/steps/schemas.ts'
import type { Addresses } from '../addresses.ts'

export type Settings = {
  service: string
  /** Which balancer carries the traffic; only Envoy can mirror. */
  edge: 'haproxy' | 'envoy'
  /** Which name server carries the record. */
  zone: 'bind' | 'powerdns'
  /** Where notices go. */
  webhookUrl: string
  /** How long each weight is held. */
  hold: string
  /** The last word on the runbook: what a test wants other than the example says. */
  edit?: (runbook: Runbook) => void
}

type Fields = { [key: string]: unknown }
type Step = { [kind: string]: Fields }
export type Runbook = {
  service: string
  connections: Fields
  guards?: { [name: string]: Fields }
  steps: Step[]
  drain?: string
}

export const RECORD = 'api.example.test. A'
const WINDOW = '[5s]' // five scrapes: the shortest that still gives a rate

/** YAML text; addresses are those of a running lab. */
export function onLab(example: string, addresses: Addresses, settings: Settings): string {
  const { haproxy: edge } = addresses
  const resolver = settings.zone === 'bind' ? addresses.resolverOfBind.dns : addresses.resolverOfPowerdns.dns
  return hurried(example, {
    service: settings.service,
    hold: settings.hold,
    connections: connections(addresses, settings),
    warmUrl: `http://127.0.0.1:${edge.sidePorts.new}/`,
    resolver: at(resolver),
    newAddress: edge.entries.new,
    ...(settings.edit === undefined ? {} : { edit: settings.edit }),
  })
}

/** What takes the place of an example's own servers. */
export type Places = {
  service: string
  hold: string
  /** By the names that the examples use. */
  connections: Fields
  /** Null: nothing to warm. */
  warmUrl: string | null
  resolver: string
  newAddress: string
  edit?: Settings['edit']
}

/** An example in fast motion on other servers. */
export function hurried(example: string, places: Places): string {
  const runbook = parse(example) as Runbook
  runbook.service = places.service
  runbook.drain = '2s'
  runbook.connections = Object.fromEntries(
    Object.keys(runbook.connections).map((name) => [name, places.connections[name]]),
  )
  for (const guard of Object.values(runbook.guards ?? {})) Object.assign(guard, hurriedGuard(guard))
  const lab: Lab = { ...places, record: RECORD, query: hurriedQuery }
  for (const step of runbook.steps) {
    const [kind, fields] = Object.entries(step)[0] as [StepKind, JsonObject]
    step[kind] = kindOf({ kind }).hurried?.(fields, lab) ?? fields
  }
  places.edit?.(runbook)
  return stringify(runbook, { lineWidth: 0 })
}

/** Connections by the names that the examples use. */
function connections(lab: Addresses, { edge, zone, webhookUrl }: Settings): Fields {
  return {
    edge: edge === 'haproxy' ? haproxy(lab) : envoy(lab),
    zone: zone === 'bind' ? bind(lab) : powerdns(lab),
    ...severalEdges(lab),
    prom: { provider: 'metrics/prometheus', url: lab.prometheus.url },
    fleet: { provider: 'capacity/command', observe: [lab.commands.observe], apply: [lab.commands.apply] },
    web: { provider: 'probe/http', url: `http://127.0.0.1:${lab.haproxy.sidePorts.new}` },
    door: { provider: 'probe/http', url: lab.haproxy.url },
    'new-entry': {
      provider: 'probe/http',
      url: `http://${lab.haproxy.entries.new}:${lab.haproxy.entries.port}`,
    },
    ops: { provider: 'notify/webhook', url: webhookUrl },
  }
}

function fleetNamed(name: string): Fields {
  return { provider: 'capacity/command', observe: [`${name}-observe`], apply: [`${name}-apply`] }
}

/** A pair of one region, and a second region: where the lab has them. */
function severalEdges({ haproxy: edge, partner, eastHaproxy, commands }: Partial<Addresses>): Fields {
  return {
    ...(edge && { 'edge-a': haproxyAt(edge), west: haproxyAt(edge) }),
    ...(partner && { 'edge-b': haproxyAt(partner) }),
    ...(eastHaproxy && { east: haproxyAt(eastHaproxy) }),
    ...(commands && { 'fleet-west': fleetNamed('fleet'), 'fleet-east': fleetNamed('fleet-east') }),
  }
}

export function haproxy({ haproxy: edge }: Pick<Addresses, 'haproxy'>): Fields {
  return haproxyAt(edge)
}

function haproxyAt({ socket, backend, servers, cohortMap }: Addresses['haproxy']): Fields {
  const sides = { old: servers.old, new: servers.new }
  return {
    provider: 'traffic/haproxy',
    socket,
    backend,
    ...sides,
    cohort: { map: cohortMap, file: cohortMap },
  }
}

export function envoy({ envoy: { routesFile, adminUrl, clusters } }: Addresses): Fields {
  return { provider: 'traffic/envoy', routes: routesFile, admin: adminUrl, route: '/', ...clusters }
}

export function nginx({ nginx: edge }: Addresses): Fields {
  const { splitFile, variable, shadowVariable, upstreams, controlUrl, commands, log } = edge
  return {
    provider: 'traffic/nginx',
    file: splitFile,
    variable,
    shadow_variable: shadowVariable,
    ...upstreams,
    control: controlUrl,
    ...commands,
    log,
  }
}

export function traefik({
  traefik: { dynamicFile, apiUrl, service, mirroring, services },
}: Addresses): Fields {
  return { provider: 'traffic/traefik', file: dynamicFile, api: apiUrl, service, mirroring, ...services }
}

export function caddy({ caddy: { adminUrl, handler, upstreams, log } }: Addresses): Fields {
  return { provider: 'traffic/caddy', admin: adminUrl, handler, ...upstreams, log }
}

export function bind({ bind: { dns, zone, key } }: Addresses): Fields {
  const { name, algorithm } = key
  return {
    provider: 'dns/rfc2136',
    server: at(dns),
    zone,
    key: 'env:DNS_TSIG_KEY',
    key_name: name.replace(/\.$/, ''),
    algorithm,
  }
}

export function powerdns({ powerdns: { apiUrl, zone, dns } }: Addresses): Fields {
  return { provider: 'dns/powerdns', url: apiUrl, api_key: 'env:PDNS_API_KEY', zone, servers: [at(dns)] }
}

/** What the worker must find in its environment for these connections. */
export function secretsOf({ bind: { key }, powerdns: { apiKey } }: Addresses): { [name: string]: string } {
  return { DNS_TSIG_KEY: key.secret, PDNS_API_KEY: apiKey }
}

/** A few milliseconds of noise are more than 10 % of the lab's latency: there, the absolute difference is what tells. */
function hurriedGuard(guard: Fields): Fields {
  return {
    query: hurriedQuery(guard['query']),
    ...(guard['samples'] === undefined ? {} : { samples: hurriedQuery(guard['samples']), min_samples: 20 }),
    ...(guard['compare'] === undefined ? {} : { compare: { to: 'old', difference_max: '200ms' } }),
    every: '1s',
    when_unknown: { for: '8s', do: 'hold' },
  }
}

function hurriedQuery(query: unknown): string {
  return String(query).replaceAll(/\[\d+[smhd]\]/g, WINDOW)
}

function at({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`
}
