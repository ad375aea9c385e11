// The lab for chaos: every server real, a link that can be made bad between the worker and each. Stays up from
// seed to seed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../client/temporal.ts'
import type { OpenAccess } from '../../client/command.ts'
import type { Addresses } from '../../lab/addresses.ts'
import { createCommands } from '../../lab/commands.ts'
import { createFolder } from '../../lab/folder.ts'
import { type Lab, type LabOptions, startLab } from '../../lab/lab.ts'
import { type Load, type LoadTarget, startLoad } from '../../lab/load.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import {
  type LabWorker,
  startWorker,
  temporalEnvironment,
  workerEnvironment,
} from '../../lab/stage/worker.ts'
import { type World, lookAround, setBack } from '../../lab/stage/world.ts'
import { type Link, openLink } from './link.ts'
import { type Edge, type LinkName, type Shape, type Zone, backendsOf } from './scenario.ts'
import { BY_PROVIDER, leadBy, setEdge } from './edges.ts'

const API_TTL_SECONDS = 2 // two of them pass in every seed that moves a name
const EDGE_RATE = 80 // requests per second: forty are counted in half a second
const NAME_RATE = 20
const LOAD_SECONDS_MAX = 300 // longer than any run

export type ChaosStage = {
  lab: Lab
  /** As the worker sees them: through the links. */
  addresses: Addresses
  links: Record<LinkName, Link>
  worker: LabWorker
  /** Serving beside it all the time. */
  others: LabWorker[]
  /** One more, beside the first. */
  anotherWorker(): Promise<LabWorker>
  cli: Cli
  access: OpenAccess
  /** Users under way; by the server that leads them. */
  loadsFor(shape: Shape): Promise<{ [load: string]: Load }>
  start: World
  /** Writes a runbook and gives its path. */
  write(name: string, text: string): string
  /** Everything up and as at the beginning. */
  reset(): Promise<void>
  close(): Promise<void>
}

export type ChaosStageOptions = Pick<LabOptions, 'also' | 'temporal'> & {
  /** How many serve from the beginning. */
  workers?: number
}

export async function openChaosStage(options: ChaosStageOptions = {}): Promise<ChaosStage> {
  const { workers = 1, also = [], ...more } = options
  const lab = await startLab({
    temporal: { dbFile: 'temporal.db' },
    apiTtlSeconds: API_TTL_SECONDS,
    also: [...BY_PROVIDER, ...also],
    ...more,
  })
  const links = await linksTo(lab)
  const { nginx } = lab.parts
  const executables = [nginx.check, nginx.reload].map((name) => join(nginx.commandFolder, name))
  const fleet = { old: lab.addresses.old.adminUrl, new: at(links.fleet) }
  const tools = createCommands({ fleet }, executables)
  const addresses = throughLinks(lab, links, tools.commands)
  const anotherWorker = () => startWorker(workerEnvironment(addresses))
  const worker = await anotherWorker()
  const others: LabWorker[] = []
  while (others.length < workers - 1) others.push(await anotherWorker())
  const environment = temporalEnvironment(lab.addresses)
  const access = await connect({ ...process.env, ...environment })
  const folder = createFolder('chaos')
  const cli = cliWith(environment)
  const start = await lookAround(lab)
  return {
    lab,
    addresses,
    links,
    worker,
    others,
    anotherWorker,
    cli,
    access,
    loadsFor: (shape) => loadsFor(lab, shape),
    start,
    write(name, text) {
      const path = join(folder.path, name)
      writeFileSync(path, text)
      return path
    },
    async reset() {
      for (const link of Object.values(links)) link.set(null)
      await Promise.all(Object.values(lab.servers).map((server) => server.start()))
      await worker.server.start()
      for (const edge of ['envoy', 'nginx'] as const) await leadBy(lab, edge, []) // before anybody looks for the route itself
      await setBack(lab, start)
      for (const edge of BY_PROVIDER) await setEdge(lab, edge, { old: 100, new: 0 })
    },
    async close() {
      await cli.end()
      await access.close()
      await Promise.all([worker, ...others].map(({ server }) => server.close()))
      await Promise.all(Object.values(links).map((link) => link.close()))
      await lab.stop()
      tools.remove()
      folder.remove()
    },
  }
}

async function linksTo({ addresses }: Lab): Promise<Record<LinkName, Link>> {
  const { haproxy, envoy, nginx, traefik, bind, powerdns, prometheus, temporal } = addresses
  const [toHaproxy, toEnvoy, toNginx, toTraefik, toBind, toPowerdns, toFleet, toPrometheus, toTemporal] =
    await Promise.all([
      openLink(haproxy.tcp),
      openLink(placeOf(envoy.adminUrl)),
      openLink(placeOf(nginx.controlUrl)),
      openLink(placeOf(traefik.apiUrl)),
      openLink(bind.dns, { udp: true }),
      openLink(placeOf(powerdns.apiUrl)),
      openLink(placeOf(addresses.new.adminUrl)),
      openLink(placeOf(prometheus.url)),
      openLink(placeOf(`http://${temporal.address}`)),
    ])
  return {
    haproxy: toHaproxy,
    envoy: toEnvoy,
    nginx: toNginx,
    traefik: toTraefik,
    bind: toBind,
    powerdns: toPowerdns,
    fleet: toFleet,
    prometheus: toPrometheus,
    temporal: toTemporal,
  }
}

function throughLinks(
  { addresses }: Lab,
  links: Record<LinkName, Link>,
  commands: Addresses['commands'],
): Addresses {
  return {
    ...addresses,
    haproxy: { ...addresses.haproxy, socket: `127.0.0.1:${links.haproxy.port}` },
    envoy: { ...addresses.envoy, adminUrl: at(links.envoy) },
    nginx: { ...addresses.nginx, controlUrl: `${at(links.nginx)}/cutover/orders` },
    traefik: { ...addresses.traefik, apiUrl: at(links.traefik) },
    bind: { ...addresses.bind, dns: { host: '127.0.0.1', port: links.bind.port } },
    powerdns: { ...addresses.powerdns, apiUrl: at(links.powerdns) },
    prometheus: { ...addresses.prometheus, url: at(links.prometheus) },
    temporal: { ...addresses.temporal, address: `127.0.0.1:${links.temporal.port}` },
    commands,
  }
}

/** Users of what this shape moves, and of nothing else: two cores are for the servers. */
async function loadsFor({ addresses }: Lab, shape: Shape): Promise<{ [load: string]: Load }> {
  const { haproxy, resolverOfBind, resolverOfPowerdns } = addresses
  const { dns: resolver } = shape.zone === 'bind' ? resolverOfBind : resolverOfPowerdns
  const { url } = addresses[shape.edge]
  const targets: [string, LoadTarget, number][] = [
    [shape.edge, { url }, EDGE_RATE],
    [shape.zone, { name: 'api.example.test', port: haproxy.entries.port, resolver }, NAME_RATE],
  ]
  const used = backendsOf(shape)
  const entries = targets
    .filter(([name]) => used.includes(name as Edge | Zone))
    .map(async ([name, target, ratePerSecond]) => {
      return [name, await startLoad({ target, ratePerSecond, secondsMax: LOAD_SECONDS_MAX })] as const
    })
  return Object.fromEntries(await Promise.all(entries))
}

function at({ port }: Link): string {
  return `http://127.0.0.1:${port}`
}

function placeOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
