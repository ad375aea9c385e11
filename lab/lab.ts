// The lab: real servers on loopback as one fixture for demo, tests and benchmarks. Boots what is asked for, tells where
// it is, ends all of it. What each server is like is said in servers/<name>.ts.
import { join } from 'node:path'
import { addressesOf } from './addresses.ts'
import type { Addresses, LabServers, ServerName } from './addresses.ts'
import { createCommands } from './commands.ts'
import { sweepLeftovers } from './records.ts'
import type { ServerHandle } from './server-process.ts'
import { startBind } from './servers/bind.ts'
import { startCaddy } from './servers/caddy.ts'
import { startEnvoy } from './servers/envoy.ts'
import { startFleet } from './servers/fleet.ts'
import type { Fleet } from './servers/fleet.ts'
import { OLD_ENTRY_ADDRESS, startHaproxy } from './servers/haproxy.ts'
import type { Haproxy } from './servers/haproxy.ts'
import { startNginx } from './servers/nginx.ts'
import { startPostgres } from './servers/postgres.ts'
import { startPowerdns } from './servers/powerdns.ts'
import { startPrometheus } from './servers/prometheus.ts'
import type { ScrapeJob } from './servers/prometheus.ts'
import { startTemporal } from './servers/temporal.ts'
import { type ClusterOptions, startTemporalCluster } from './servers/temporal-cluster.ts'
import { startTraefik } from './servers/traefik.ts'
import { startUnbound } from './servers/unbound.ts'

const API_TTL_SECONDS = 6 // long enough to be seen running out, short enough for a demo
const INSTANCES = { old: 3, new: 1 } // a new home before anybody has scaled it up

export type LabOptions = {
  /** Only these, and what they stand on; everything by default that is not an extra. */
  only?: ServerName[]
  /** Besides, of `EXTRAS`. */
  also?: ServerName[]
  temporal?: { dbFile?: string } & ClusterOptions
  instances?: { old?: number; new?: number; slots?: number; warmUpMs?: number }
  apiTtlSeconds?: number
  /** Called as each server answers, for progress. */
  onReady?: (name: ServerName, milliseconds: number) => void
}

/** Everything is there when nothing was left out; `only` leaves the others undefined at run time. */
type Everything = Required<LabServers>

export type Lab = {
  addresses: Addresses
  /** stop, start and kill of single servers; `start` after `stop` uses the same ports and data. */
  servers: Record<ServerName, ServerHandle>
  /** Scale and break the sides of the service. */
  fleets: { old: Fleet; new: Fleet }
  parts: Everything
  stop(): Promise<void>
}

const NEEDS: Record<ServerName, ServerName[]> = {
  temporal: [],
  temporalDatabase: [],
  old: [],
  new: [],
  haproxy: ['old', 'new'],
  envoy: ['haproxy'],
  powerdns: [],
  bind: [],
  resolverOfPowerdns: ['powerdns'],
  resolverOfBind: ['bind'],
  prometheus: ['old', 'new'],
  nginx: ['haproxy'],
  traefik: ['haproxy'],
  caddy: ['haproxy'],
  partner: ['old', 'new'],
  eastOld: [],
  eastNew: [],
  eastHaproxy: ['eastOld', 'eastNew'],
}

/** What must be there first, if it is wanted at all: Prometheus must know the ports of what it scrapes. */
const AFTER: { [name in ServerName]?: ServerName[] } = {
  prometheus: ['haproxy', 'envoy', 'eastOld', 'eastNew'],
  temporal: ['temporalDatabase'],
}

/** For measures of every edge, for services with several of them, and for Temporal as a cluster runs it; nobody else waits for them. */
const EXTRAS: ServerName[] = [
  'nginx',
  'traefik',
  'caddy',
  'partner',
  'eastOld',
  'eastNew',
  'eastHaproxy',
  'temporalDatabase',
]

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  sweepLeftovers()
  const usual = (Object.keys(NEEDS) as ServerName[]).filter((name) => !EXTRAS.includes(name))
  const wanted = withNeeds([...(options.only ?? usual), ...(options.also ?? [])])
  const parts: LabServers = {}
  const began = performance.now()
  const starting = new Map<ServerName, Promise<void>>()
  const start = (name: ServerName): Promise<void> => {
    const started = starting.get(name) ?? boot(name)
    starting.set(name, started)
    return started
  }
  const boot = async (name: ServerName): Promise<void> => {
    const needed = [...NEEDS[name], ...(AFTER[name] ?? []).filter((each) => wanted.has(each))]
    await Promise.all(needed.map(start))
    Object.assign(parts, { [name]: await BOOT[name](parts, options) })
    options.onReady?.(name, Math.round(performance.now() - began))
  }
  const results = await Promise.allSettled([...wanted].map(start))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    await stopAll(parts)
    throw failed.reason
  }
  const all = parts as Everything
  const tools = all.old && all.new && createCommands(fleetsOf(parts), executablesOf(parts))
  return {
    addresses: { ...addressesOf(parts), ...(tools && { commands: tools.commands }) } as Addresses,
    servers: Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, part.server]),
    ) as Lab['servers'],
    fleets: { old: all.old, new: all.new },
    parts: all,
    async stop() {
      await stopAll(parts)
      tools?.remove()
    },
  }
}

type Boot = (parts: LabServers, options: LabOptions) => Promise<{ server: ServerHandle }>

const BOOT: Record<ServerName, Boot> = {
  temporal: ({ temporalDatabase }, options) =>
    temporalDatabase
      ? startTemporalCluster(temporalDatabase, options.temporal)
      : startTemporal(options.temporal),
  temporalDatabase: () => startPostgres({ user: 'temporal' }),
  old: (_parts, { instances = {} }) => startFleet(sizes(instances, 'old')),
  new: (_parts, { instances = {} }) => startFleet(sizes(instances, 'new')),
  eastOld: (_parts, { instances = {} }) => startFleet({ ...sizes(instances, 'old'), region: 'east' }),
  eastNew: (_parts, { instances = {} }) => startFleet({ ...sizes(instances, 'new'), region: 'east' }),
  haproxy: ({ old, new: fresh }) => startHaproxy(slotsOf(old, fresh)),
  partner: ({ old, new: fresh }) => startHaproxy(slotsOf(old, fresh)),
  eastHaproxy: ({ eastOld, eastNew }) => startHaproxy(slotsOf(eastOld, eastNew)),
  envoy: (parts) => startEnvoy(need(parts.haproxy).sidePorts),
  nginx: (parts) => startNginx({ ...need(parts.haproxy).sidePorts, cohort: '$http_x_tenant' }),
  traefik: (parts) => startTraefik(need(parts.haproxy).sidePorts),
  caddy: (parts) => startCaddy(need(parts.haproxy).sidePorts),
  powerdns: (_parts, options) => startPowerdns(record(options)),
  bind: (_parts, options) => startBind(record(options)),
  resolverOfPowerdns: (parts) => startUnbound({ authoritative: need(parts.powerdns).dns }),
  resolverOfBind: (parts) => startUnbound({ authoritative: need(parts.bind).dns }),
  prometheus: (parts) => startPrometheus({ scrape: scrapeJobs(parts) }),
}

function slotsOf(old: Fleet | undefined, fresh: Fleet | undefined): Parameters<typeof startHaproxy>[0] {
  return { slots: { old: need(old).slots, new: need(fresh).slots } }
}

function urls(old: Fleet | undefined, fresh: Fleet | undefined): { old: string; new: string } {
  return { old: need(old).adminUrl, new: need(fresh).adminUrl }
}

/** The fleets by the name of their commands. */
function fleetsOf({ old, new: fresh, eastOld, eastNew }: LabServers): Parameters<typeof createCommands>[0] {
  return { fleet: urls(old, fresh), ...(eastOld && { 'fleet-east': urls(eastOld, eastNew) }) }
}

/** What an edge is reloaded by stands beside them: a worker has one folder of executables. */
function executablesOf({ nginx }: LabServers): string[] {
  if (nginx === undefined) return []
  return [nginx.check, nginx.reload].map((name) => join(nginx.commandFolder, name))
}

function sizes(
  instances: NonNullable<LabOptions['instances']>,
  side: 'old' | 'new',
): Parameters<typeof startFleet>[0] {
  const { slots, warmUpMs } = instances
  return {
    side,
    count: instances[side] ?? INSTANCES[side],
    ...(slots !== undefined && { slots }),
    ...(warmUpMs !== undefined && { warmUpMs }),
  }
}

/** The record that a move by DNS changes starts at the old entry point. */
function record(options: LabOptions): { apiTtlSeconds: number; apiAddress: string } {
  return { apiTtlSeconds: options.apiTtlSeconds ?? API_TTL_SECONDS, apiAddress: OLD_ENTRY_ADDRESS }
}

function scrapeJobs(parts: LabServers): ScrapeJob[] {
  const jobs: ScrapeJob[] = [
    {
      job: 'orders',
      discover: [parts.old, parts.new, parts.eastOld, parts.eastNew].flatMap((fleet) =>
        fleet === undefined ? [] : [`${fleet.adminUrl}/targets`],
      ),
    },
  ]
  if (parts.haproxy) jobs.push(haproxyJob(parts.haproxy))
  if (parts.envoy) {
    jobs.push({ job: 'envoy', targets: [new URL(parts.envoy.adminUrl).host], path: '/stats/prometheus' })
  }
  return jobs
}

function haproxyJob({ metricsPort, servers }: Haproxy): ScrapeJob {
  const sides = { [servers.old]: 'old', [servers.new]: 'new' }
  return { job: 'haproxy', targets: [`127.0.0.1:${metricsPort}`], sides }
}

function withNeeds(names: ServerName[]): Set<ServerName> {
  const all = new Set<ServerName>()
  const add = (name: ServerName): void => {
    all.add(name)
    for (const needed of NEEDS[name]) add(needed)
  }
  for (const name of names) add(name)
  return all
}

function need<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('a server was started before what it stands on')
  return part
}

async function stopAll(parts: LabServers): Promise<void> {
  await Promise.all(Object.values(parts).map((part) => part.server.close()))
}
