// The lab's world seen without `cutover`: weights, mirror, record, instances, as their own servers tell them.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { powerdns as powerdnsProvider } from '../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../activities/dns/rfc2136/index.ts'
import { envoy as envoyProvider } from '../../activities/traffic/envoy/index.ts'
import { haproxy as haproxyProvider } from '../../activities/traffic/haproxy/index.ts'
import { type Json, matches, sameJson } from '../../workflows/json.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { type DnsRecord, askDns } from '../dns.ts'
import type { Addresses } from '../addresses.ts'
import type { Lab } from '../lab.ts'
import { until } from '../until.ts'
import { configsOf, depsOf } from './connect.ts'
import { RECORD } from './runbook.ts'

const CALL_MS = 4_000 // as long as the engine gives a call

export type World = {
  haproxy: { old: number; new: number }
  /** Whom its map leads to the new side; in the file that a reload would read as well, or both are listed. */
  cohort: string[]
  envoy: { old: number; new: number; mirror: number }
  bind: { ttl: number; values: string[] }
  powerdns: { ttl: number; values: string[] }
  capacity: { old: number; new: number }
}

export async function lookAround(lab: Lab): Promise<World> {
  const [haproxy, cohort, bind, powerdns, old, fresh] = await Promise.all([
    haproxyWeights(lab.addresses.haproxy),
    haproxyCohort(lab.addresses.haproxy),
    record(lab.addresses.bind.dns),
    record(lab.addresses.powerdns.dns),
    lab.fleets.old.state(),
    lab.fleets.new.state(),
  ])
  return {
    haproxy,
    cohort,
    envoy: envoyRoute(lab),
    bind,
    powerdns,
    capacity: { old: old.count, new: fresh.count },
  }
}

type Edge = Addresses['haproxy']

/** Sends one line to the runtime socket of the edge. */
export async function tellHaproxy({ addresses: { haproxy } }: Lab, line: string): Promise<string> {
  return await tell(haproxy, line)
}

async function tell({ socket: path }: Edge, line: string): Promise<string> {
  const socket = connect(path)
  socket.end(`${line}\n`)
  return await text(socket)
}

export async function haproxyWeights(edge: Edge): Promise<World['haproxy']> {
  const { backend, servers } = edge
  const weight = async (server: string) =>
    Number.parseInt(await tell(edge, `get weight ${backend}/${server}`), 10)
  return { old: await weight(servers.old), new: await weight(servers.new) }
}

/** What process and file hold alike stands there once. */
async function haproxyCohort(edge: Edge): Promise<string[]> {
  const shown = (await tell(edge, `show map ${edge.cohortMap}`)).matchAll(/^0x\S+ (\S+ \S+)$/gm)
  const saved = readFileSync(edge.cohortMap, 'utf8').matchAll(/^(\S+ \S+)$/gm)
  return [...new Set([...shown, ...saved].map(([, entry]) => entry as string))].sort()
}

/** The HAProxys besides the edge, where the lab has any: as their configuration begins. */
async function setOthersBack({ partner, eastHaproxy }: Partial<Addresses>): Promise<void> {
  for (const edge of [partner, eastHaproxy]) {
    if (edge === undefined) continue
    const { backend, servers } = edge
    await tell(edge, `set weight ${backend}/${servers.old} 100; set weight ${backend}/${servers.new} 0`)
  }
}

type Route = {
  match: { prefix: string }
  route: {
    weighted_clusters: { clusters: { name: string; weight: number }[] }
    request_mirror_policies?: {
      runtime_fraction: { default_value: { numerator: number; denominator: string } }
    }[]
  }
}

function envoyRoute({ addresses: { envoy } }: Lab): World['envoy'] {
  const file = JSON.parse(readFileSync(envoy.routesFile, 'utf8')) as {
    resources: { virtual_hosts: { routes: Route[] }[] }[]
  }
  const route = file.resources[0]?.virtual_hosts[0]?.routes.find(({ match }) => match.prefix === '/')?.route
  if (route === undefined) throw new Error(`${envoy.routesFile} has no route for /`)
  const { clusters } = route.weighted_clusters
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0)
  const share = (name: string) =>
    (100 * (clusters.find((cluster) => cluster.name === name)?.weight ?? 0)) / total
  const fraction = route.request_mirror_policies?.[0]?.runtime_fraction.default_value
  const parts =
    { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[fraction?.denominator ?? 'HUNDRED'] ?? 100
  return {
    old: share(envoy.clusters.old),
    new: share(envoy.clusters.new),
    mirror: (100 * (fraction?.numerator ?? 0)) / parts,
  }
}

async function record(server: { host: string; port: number }): Promise<World['bind']> {
  const { records } = await askDns(server, 'api.example.test', 'A')
  const found = records.filter(({ type }: DnsRecord) => type === 'A')
  return { ttl: found[0]?.ttl ?? 0, values: found.map(({ data }) => String(data)).sort() }
}

/** Everything as at the beginning: instances first, so that weights never point at nobody. */
export async function setBack(lab: Lab, start: World): Promise<void> {
  await Promise.all([lab.fleets.old.heal(), lab.fleets.new.heal()])
  await lab.fleets.old.scale(start.capacity.old)
  const deps = depsOf(lab)
  const { haproxy: balancer, envoy: route, bind: zone, powerdns: other } = configsOf(lab.addresses)
  await set(haproxyProvider.connect(balancer, deps), 'split', start.haproxy)
  await set(haproxyProvider.connect(balancer, deps), 'cohort', {
    users: start.cohort.map((entry) => entry.replace(/ .*/, '')),
  })
  await set(envoyProvider.connect(route, deps), 'mirror', { percent: start.envoy.mirror })
  await set(envoyProvider.connect(route, deps), 'split', { old: start.envoy.old, new: start.envoy.new })
  await set(rfc2136.connect(zone, deps), RECORD, start.bind)
  await set(powerdnsProvider.connect(other, deps), RECORD, start.powerdns)
  await setOthersBack(lab.addresses)
  await lab.fleets.new.scale(start.capacity.new)
  await until('the world is as at the beginning', async () => sameJson(await lookAround(lab), start))
}

/** Sets a target through its provider, whatever is there. */
async function set<V extends Json>(port: Changing<V>, target: string, desired: V): Promise<void> {
  const io = { signal: AbortSignal.timeout(CALL_MS) }
  const seen = await port.observe(target, io)
  if (!matches(seen.value, desired)) await port.write({ target, desired, seen }, io)
}
