// What a run's targets hold, asked from their own servers and past the links: the oracle's eyes. Shares no code with the
// providers. Also watches them throughout, because some wrongs are over before a run ends.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { parse } from 'yaml'
import { askDns } from '../../lab/dns.ts'
import type { ChaosStage } from './stage.ts'
import { type Edge, MEMBERS, type Shape, TENANT } from './scenario.ts'

const ANSWER_MS = 600 // a server that is stopped by a fault must not stop the eyes
const LOOK_EVERY_MS = 150 // a third of the shortest time for which instances drain

/** Weights are shares in percent. `served` is what a proxy serves, where that differs from its file; `members` are led to new by name. */
export type Sight = {
  edge: { old: number; new: number; mirror: number; served: string | null; members: string[] }
  record: { ttl: number; values: string[] }
  fleet: { old: number; new: number }
}

export type Part = keyof Sight
export type Sample = { at: number } & { [P in Part]: Sight[P] | null }

export async function look(stage: ChaosStage, shape: Shape): Promise<Sample> {
  const at = Date.now()
  const [edge, record, fleet] = await Promise.all([
    orNull(EDGES[shape.edge](stage)),
    orNull(recordOf(stage, shape)),
    orNull(instances(stage)),
  ])
  return { at, edge, record, fleet }
}

/** Looks until every part can be seen. */
export async function lookFully(stage: ChaosStage, shape: Shape): Promise<Sight> {
  for (let tries = 0; tries < 20; tries++) {
    const { edge, record, fleet } = await look(stage, shape)
    if (edge !== null && record !== null && fleet !== null) return { edge, record, fleet }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  throw new Error('the world cannot be seen although every fault is over')
}

export type Eyes = { samples: Sample[]; close(): Promise<void> }

export function watchWorld(stage: ChaosStage, shape: Shape): Eyes {
  const samples: Sample[] = []
  const state = { isOpen: true }
  const looking = (async () => {
    while (state.isOpen) {
      samples.push(await look(stage, shape))
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  })()
  return {
    samples,
    async close() {
      state.isOpen = false
      await looking
    },
  }
}

const EDGES: { [edge in Edge]: (stage: ChaosStage) => Promise<Sight['edge']> } = {
  haproxy: haproxyWeights,
  envoy: envoyRoute,
  nginx: nginxSplit,
  traefik: traefikService,
  caddy: caddyHandler,
}

async function haproxyWeights({ lab }: ChaosStage): Promise<Sight['edge']> {
  const { backend, servers, socket, cohortMap } = lab.addresses.haproxy
  const said = await tell(
    socket,
    `get weight ${backend}/${servers.old}; get weight ${backend}/${servers.new}`,
  )
  const [old, fresh] = said
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Number.parseInt(line, 10))
  if (old === undefined || fresh === undefined || Number.isNaN(old + fresh)) throw new Error(said)
  const shown = (await tell(socket, `show map ${cohortMap}`)).matchAll(/^0x\S+ (\S+) new$/gm)
  const members = [...shown].map(([, user]) => user as string).sort()
  return { old, new: fresh, mirror: 0, served: null, members }
}

/** What the file says, and what workers answer for keys of their own. */
async function nginxSplit({ lab }: ChaosStage): Promise<Sight['edge']> {
  const { splitFile, controlUrl } = lab.addresses.nginx
  const text = readFileSync(splitFile, 'utf8')
  const share = (variable: string, name: string): number => {
    const block = new RegExp(`\\${variable} \\{([^}]*)\\}`).exec(text)?.[1] ?? ''
    const lines = [...block.matchAll(/(\*|[\d.]+%)\s+(\S+);/g)].map(([, part = '', of = '']) => ({
      part,
      of,
    }))
    const said = lines.reduce((sum, { part }) => sum + (part === '*' ? 0 : Number.parseFloat(part)), 0)
    return lines.reduce(
      (sum, { part, of }) => sum + (of !== name ? 0 : part === '*' ? 100 - said : Number.parseFloat(part)),
      0,
    )
  }
  const fresh = share('$orders_pool', 'v2')
  const answers = await Promise.all(
    Array.from({ length: KEYS }, (_, key) => poolOf(`${controlUrl}?key=${key}`)),
  )
  const strange =
    fresh === 0 || fresh === 100 ? answers.filter((pool) => pool !== (fresh === 0 ? 'v1' : 'v2')) : []
  const members = [...text.matchAll(/"~\^(\w+)\$" v2-cohort;/g)].map(([, user]) => user as string).sort()
  const led = await Promise.all(
    ASKED_FOR.map(async (user) => ((await poolOf(controlUrl, user)) === 'v2-cohort' ? [user] : [])),
  )
  const served = [
    ...(strange.length === 0 ? [] : [`${strange.length} of ${KEYS} keys elsewhere`]),
    ...(led.flat().join() === members.join() ? [] : [`leads ${led.flat().join(', ') || 'nobody'}`]),
  ]
  const mirror = share('$orders_shadow', 'shadow')
  return {
    old: 100 - fresh,
    new: fresh,
    mirror,
    served: served.length === 0 ? null : served.join(', '),
    members,
  }
}

const KEYS = 4 // enough to meet both workers mostly; the end is looked at several times

const ASKED_FOR = [...MEMBERS, 'mallory'].sort()

/** Of a key by the split; of a member where he is led. */
async function poolOf(url: string, member?: string): Promise<string | undefined> {
  const headers: { [name: string]: string } = member === undefined ? {} : { [TENANT]: member }
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) })
  return (member === undefined ? / pool=(\S*)/ : / to=(\S*)/).exec(await response.text())?.[1]
}

type Weighted = { weighted: { services: { name: string; weight: number }[] } }

async function traefikService({ lab }: ChaosStage): Promise<Sight['edge']> {
  const { dynamicFile, apiUrl } = lab.addresses.traefik
  const file = parse(readFileSync(dynamicFile, 'utf8')) as {
    http: { services: { app: Weighted; mirrored: { mirroring: { mirrors: { percent?: number }[] } } } }
  }
  const { app, mirrored } = file.http.services
  const response = await fetch(`${apiUrl}/api/http/services/app@file`, {
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const [written, held] = [weightsIn(app), weightsIn((await response.json()) as Weighted)]
  const served = JSON.stringify(written) === JSON.stringify(held) ? null : JSON.stringify(held)
  return { ...written, mirror: mirrored.mirroring.mirrors[0]?.percent ?? 0, served, members: [] }
}

function weightsIn({ weighted: { services } }: Weighted): { old: number; new: number } {
  const of = (side: string) => services.find(({ name }) => name.split('@')[0] === side)?.weight ?? 0
  const all = of('v1') + of('v2')
  return { old: (100 * of('v1')) / all, new: (100 * of('v2')) / all }
}

async function caddyHandler({ lab }: ChaosStage): Promise<Sight['edge']> {
  const { adminUrl, handler, upstreams } = lab.addresses.caddy
  const response = await fetch(`${adminUrl}${handler}`, {
    headers: { origin: adminUrl },
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const { upstreams: all, load_balancing: balancing } = (await response.json()) as {
    upstreams: { dial: string }[]
    load_balancing: { selection_policy: { weights: number[] } }
  }
  const of = (side: string[]) =>
    all.reduce(
      (sum, { dial }, index) =>
        sum + (side.includes(dial) ? (balancing.selection_policy.weights[index] ?? 0) : 0),
      0,
    )
  const [old, fresh] = [of(upstreams.old), of(upstreams.new)]
  return {
    old: (100 * old) / (old + fresh),
    new: (100 * fresh) / (old + fresh),
    mirror: 0,
    served: null,
    members: [],
  }
}

function tell(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path })
    let said = ''
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), ANSWER_MS)
    socket.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    socket.on('connect', () => socket.write(`${line}\n`))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(said)
    })
  })
}

type Route = {
  match: { prefix?: string; headers?: { name: string; string_match?: { exact?: string } }[] }
  route: {
    weighted_clusters?: { clusters: { name: string; weight?: number }[] }
    request_mirror_policies?: {
      runtime_fraction: { default_value: { numerator?: number; denominator?: string } }
    }[]
  }
}
type Hosts = { virtual_hosts: { routes: Route[] }[] }
type Dump = { configs: { route_config?: Hosts }[] }

async function envoyRoute({ lab }: ChaosStage): Promise<Sight['edge']> {
  const { adminUrl, routesFile } = lab.addresses.envoy
  const file = JSON.parse(readFileSync(routesFile, 'utf8')) as { resources: Hosts[] }
  const response = await fetch(`${adminUrl}/config_dump?resource=dynamic_route_configs`, {
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const dump = (await response.json()) as Dump
  const served = dump.configs.map(({ route_config: hosts }) => hosts).find((hosts) => hosts !== undefined)
  const written = sharesIn(file.resources[0])
  const held = sharesIn(served)
  const differs = JSON.stringify(written) !== JSON.stringify(held)
  return { ...written, served: differs ? JSON.stringify(held) : null }
}

const OF_HUNDRED: { [denominator: string]: number } = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 }

function sharesIn(hosts: Hosts | undefined): Omit<Sight['edge'], 'served'> {
  const all = (hosts?.virtual_hosts[0]?.routes ?? []).filter(({ match }) => match.prefix === '/')
  const route = all.find(({ match }) => match.headers === undefined)?.route
  const members = all
    .flatMap(({ match: { headers = [] } }) => headers)
    .flatMap(({ name, string_match: match }) => (name === TENANT ? [match?.exact ?? 'somebody'] : []))
    .sort()
  const clusters = route?.weighted_clusters?.clusters
  if (route === undefined || clusters === undefined) throw new Error('no weighted route for /')
  const total = clusters.reduce((sum, { weight = 0 }) => sum + weight, 0)
  const share = (name: string) => (100 * (clusters.find((each) => each.name === name)?.weight ?? 0)) / total
  const fraction = route.request_mirror_policies?.[0]?.runtime_fraction.default_value
  const mirror = (fraction?.numerator ?? 0) / (OF_HUNDRED[fraction?.denominator ?? 'HUNDRED'] ?? 1)
  return { old: share('v1'), new: share('v2'), mirror, members }
}

async function recordOf({ lab }: ChaosStage, { zone }: Shape): Promise<Sight['record']> {
  const { records } = await askDns(lab.addresses[zone].dns, 'api.example.test', 'A')
  const found = records.filter(({ type }) => type === 'A')
  return { ttl: found[0]?.ttl ?? 0, values: found.map(({ data }) => String(data)).sort() }
}

async function instances({ lab }: ChaosStage): Promise<Sight['fleet']> {
  const [old, fresh] = await Promise.all([lab.fleets.old.state(), lab.fleets.new.state()])
  return { old: old.count, new: fresh.count }
}

async function orNull<T>(seen: Promise<T>): Promise<T | null> {
  try {
    return await seen
  } catch {
    return null // stopped, killed, starting: not seen is neither good nor bad
  }
}
