// Somebody else at the same servers: writes what no runbook here writes, past the links and without the providers' care.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { powerdns } from '../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../activities/dns/rfc2136/index.ts'
import { configsOf, depsOf } from '../../lab/stage/connect.ts'
import { RECORD } from '../../lab/stage/runbook.ts'
import { tellHaproxy } from '../../lab/stage/world.ts'
import type { Json } from '../../workflows/json.ts'
import { leadBy, setEdge } from './edges.ts'
import type { Shape, TargetName } from './scenario.ts'
import type { Sight } from './sight.ts'
import type { ChaosStage } from './stage.ts'

const CALL_MS = 4_000 // a server that is stopped meanwhile takes it when it goes on

export type ForeignWrite = { at: number; target: TargetName; value: Json }

/** `at` is when the value stood. */
export async function writeAsStranger(
  stage: ChaosStage,
  shape: Shape,
  { target, value }: { target: TargetName; value: Json },
): Promise<ForeignWrite> {
  switch (target) {
    case 'edge split':
      await setSplit(stage, shape, value as { old: number; new: number })
      return { at: Date.now(), target, value }
    case 'edge cohort': {
      const { users } = value as { users: string[] }
      await setCohort(stage, shape, users)
      return { at: Date.now(), target, value: { users } }
    }
    case 'zone record': {
      const { entries } = stage.lab.addresses.haproxy
      const { ttl, values } = value as { ttl: number; values: 'both' | string[] }
      const rrset = { ttl, values: values === 'both' ? [entries.old, entries.new] : values }
      await setRecord(stage, shape, rrset)
      return { at: Date.now(), target, value: rrset }
    }
    case 'fleet new': {
      const response = await fetch(`${stage.lab.addresses.new.adminUrl}/count`, {
        method: 'PUT',
        body: JSON.stringify(value),
        signal: AbortSignal.timeout(CALL_MS),
      })
      if (!response.ok) throw new Error(await response.text())
      return { at: Date.now(), target, value }
    }
    default:
      return target satisfies never
  }
}

/** A person puts one target right by hand. */
export async function putRight(
  stage: ChaosStage,
  shape: Shape,
  { target, to }: { target: TargetName; to: Sight },
) {
  const values: { [target in TargetName]: Json } = {
    'edge split': to.edge,
    'edge cohort': { users: to.edge.members },
    'zone record': to.record,
    'fleet new': { count: to.fleet.new },
  }
  await writeAsStranger(stage, shape, { target, value: values[target] })
}

async function setSplit(
  stage: ChaosStage,
  { edge }: Shape,
  split: { old: number; new: number },
): Promise<void> {
  if (edge === 'haproxy') {
    const said = await tellHaproxy(
      stage.lab,
      `set weight orders/v1 ${split.old}; set weight orders/v2 ${split.new}`,
    )
    if (said.trim() !== '') throw new Error(said)
    return
  }
  if (edge !== 'envoy') {
    await setEdge(stage.lab, edge, split)
    return
  }
  rewriteRoutes(stage, ({ match, route }) => {
    if (match.prefix !== '/' || match.headers !== undefined) return // routes that lead members are copies of it
    for (const cluster of route.weighted_clusters.clusters)
      cluster.weight = cluster.name === 'v1' ? split.old : split.new
  })
}

/** Who is in the map, and in the file that a reload reads. */
async function setCohort({ lab }: ChaosStage, { edge }: Shape, users: string[]): Promise<void> {
  if (edge === 'envoy' || edge === 'nginx') return await leadBy(lab, edge, users)
  const { cohortMap } = lab.addresses.haproxy
  const lines = users.map((user) => `add map ${cohortMap} ${user} new`)
  await tellHaproxy(lab, [`clear map ${cohortMap}`, ...lines].join('; '))
  writeFileSync(cohortMap, users.map((user) => `${user} new\n`).join(''))
}

/** The route of another service, which shares the file. */
export function writeNeighbour(stage: ChaosStage): void {
  rewriteRoutes(stage, ({ match, route }) => {
    if (match.prefix !== '/payments') return
    for (const cluster of route.weighted_clusters.clusters) cluster.weight = 100 - cluster.weight
  })
}

type Route = {
  match: { prefix: string; headers?: unknown }
  route: { weighted_clusters: { clusters: { name: string; weight: number }[] } }
}

function rewriteRoutes({ lab }: ChaosStage, edit: (route: Route) => void): void {
  const { routesFile } = lab.addresses.envoy
  const file = JSON.parse(readFileSync(routesFile, 'utf8')) as {
    version_info?: string
    resources: { virtual_hosts: { routes: Route[] }[] }[]
  }
  for (const route of file.resources[0]?.virtual_hosts[0]?.routes ?? []) edit(route)
  const temporary = `${routesFile}.stranger`
  writeFileSync(temporary, JSON.stringify(file))
  renameSync(temporary, routesFile)
}

async function setRecord({ lab }: ChaosStage, { zone }: Shape, rrset: { ttl: number; values: string[] }) {
  const io = { signal: AbortSignal.timeout(CALL_MS) }
  const configs = configsOf(lab.addresses)
  const port =
    zone === 'bind'
      ? rfc2136.connect(configs.bind, depsOf(lab))
      : powerdns.connect(configs.powerdns, depsOf(lab))
  const seen = await port.observe(RECORD, io)
  await port.write({ target: RECORD, desired: rrset, seen }, io)
}
