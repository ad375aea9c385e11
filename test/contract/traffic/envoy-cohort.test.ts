// traffic/envoy leads a cohort by routes of its file: told by a header and by a cookie, in the file and as served, and nobody else's
// routes.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { type CohortBench, asker, cohortContract } from './cohort.ts'
import { startUpstream } from './upstream.ts'

const provider = envoy as unknown as ChangingBench['provider']
const NAME = 'cutover-cohort-v2'

type Route = { name: string; match: JsonObject; route: JsonObject }
type Routes = { version_info: string; resources: { virtual_hosts: { routes: Route[] }[] }[] }

const routesIn = (routes: Routes): Route[] => routes.resources[0]!.virtual_hosts[0]!.routes
const read = (edge: Envoy): Routes => JSON.parse(readFileSync(edge.routesFile, 'utf8')) as Routes

async function bench(told: { header: string } | { cookie: string }): Promise<CohortBench> {
  const [old, fresh] = await Promise.all([startUpstream('old'), startUpstream('new')])
  const edge = await startEnvoy({ old: old.port, new: fresh.port })
  const served = async (): Promise<{ version_info: string; route_config: Routes['resources'][0] }> => {
    const answer = await fetch(`${edge.adminUrl}/config_dump?resource=dynamic_route_configs`)
    return ((await answer.json()) as { configs: [never] }).configs[0]
  }
  /** Someone else's rename, as a generator does it. */
  const edit = async (change: (routes: Route[]) => Route[]) => {
    const routes = read(edge)
    const [host] = routes.resources[0]!.virtual_hosts
    host!.routes = change(host!.routes)
    routes.version_info = `stranger-${Number(/\d+$/.exec(routes.version_info)?.[0]) + 1}`
    const temporary = `${dirname(edge.routesFile)}.stranger`
    writeFileSync(temporary, JSON.stringify(routes))
    renameSync(temporary, edge.routesFile)
    await until('Envoy serves it', async () => (await served()).version_info === routes.version_info)
  }
  const others = (all: Route[]) => all.filter(({ name }) => name !== NAME)
  return {
    provider,
    config: {
      routes: edge.routesFile,
      admin: edge.adminUrl,
      route: 'orders',
      old: 'v1',
      new: 'v2',
      shadow: 'shadow',
      cohort: told,
    },
    deps: testDeps(),
    many: 500,
    ask: asker(edge.url, told),
    neighbours: async () => {
      const { virtual_hosts: hosts } = (await served()).route_config
      return { file: others(routesIn(read(edge))), live: others(hosts[0]!.routes) } as unknown as Json
    },
    stranger: (value) =>
      edit((all) =>
        others(all).flatMap((route) => {
          if (route.name !== 'orders') return [route]
          const copies = (value as { users: string[] }).users.map((exact) => ({
            ...route,
            name: NAME,
            match: { ...route.match, headers: [{ name: 'x-tenant', string_match: { exact } }] },
            route: { timeout: '30s', weighted_clusters: { clusters: [{ name: 'v2', weight: 100 }] } },
          }))
          return [...copies, route]
        }),
      ),
    mislead: () =>
      edit((all) =>
        all.map((route) =>
          route.name === NAME ? { ...route, route: { cluster: 'v1', timeout: '30s' } } : route,
        ),
      ),
    outage: async () => freeze(edge.server.pid),
    secrets: [],
    end: async () => {
      await edge.server.close()
      await Promise.all([old.end(), fresh.end()])
    },
  }
}

changingContract(
  'traffic/envoy cohort',
  async () => ({
    ...(await bench({ header: 'x-tenant' })),
    target: 'cohort',
    values: [{ users: ['acme', 'globex'] }, { users: ['initech'] }],
  }),
  ['missing target', 'credentials'],
)
cohortContract('traffic/envoy, by a header,', () => bench({ header: 'X-Tenant' }))
cohortContract('traffic/envoy, by a cookie,', () => bench({ cookie: 'tenant' }))

describe('traffic/envoy cohort', () => {
  it('a cluster that Envoy has not, and a connection that says nothing of members, are refused in words', async () => {
    const { config, deps, end } = await bench({ header: 'x-tenant' })
    const elsewhere = connect(provider, { ...config, cohort: { header: 'x-tenant', to: 'nowhere' } }, deps)
    const seen = await elsewhere.observe('cohort', io())
    expect(seen.cautions?.join('\n')).toMatch(/Envoy has no cluster nowhere/)
    const write = { target: 'cohort', desired: { users: ['acme'] }, seen }
    const error = await elsewhere.write(write, io()).catch((caught: unknown) => caught)
    expect(kindOf(error)).toBe('Rejected')
    expect((error as Error).message).toMatch(/update_rejected|no cluster nowhere/)
    const { cohort: _, ...bare } = config
    const unable = await connect(provider, bare, deps).observe('cohort', io()).catch(kindOf)
    expect(unable).toBe('Unsupported')
    await end()
  })
})
