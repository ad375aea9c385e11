// What a person should know before users are moved: who else declares the VirtualService, destinations that nobody declares, proxies
// that do not answer, serve nothing of it, refuse what they are sent or have no healthy endpoint.
import type { Io } from '../../../workflows/ports/target.ts'
import { COHORT } from '../../../workflows/ports/traffic.ts'
import { ownersOf } from '../../kubernetes/owners.ts'
import { cohortIn, cohortTo } from './cohort.ts'
import { undeclared } from './declared.ts'
import { type Destination, isClusterOf, nameOf } from './destination.ts'
import type { Edge, Look } from './look.ts'
import { endpoints, refusals } from './proxies.ts'
import { leftBehind } from './route.ts'
import type { IstioConfig } from './schema.ts'

/** What of it another one who declares it would put back. */
export function declaredOf(target: string): string {
  return WHAT[target] ?? target
}

export async function cautionsOf(edge: Edge, here: Look, io: Io): Promise<string[]> {
  const { config } = edge
  const { service, rules, target, said } = here
  const wanted = wantedFor(target, config)
  const [troubles, ofProxies] = await Promise.all([
    undeclared(edge, wanted, io),
    proxyCautions(edge, { here, wanted }, io),
  ])
  const { deletionTimestamp } = service.metadata
  return [
    ...ownersOf(service, declaredOf(target)),
    ...(target === COHORT ? cohortIn(service, rules, config).cautions : []),
    ...(deletionTimestamp === undefined ? [] : [`it is being deleted since ${deletionTimestamp}`]),
    ...troubles.map(({ words }) => words),
    ...leftBehind(service, rules, config),
    ...('old' in said && said.old + said.new === 0
      ? ['its weights are 0 and 0: Envoy refuses them and goes on with those before']
      : []),
    ...ofProxies,
  ]
}

const WHAT: Record<string, string> = { split: 'weights', mirror: 'mirrors', cohort: 'http routes' }

/** The destinations that a target leads to. */
export function wantedFor(target: string, config: IstioConfig): Destination[] {
  const { old, new: fresh, shadow } = config
  if (target === 'split') return [old, fresh]
  if (target === COHORT) return [cohortTo(config)]
  return shadow === undefined ? [] : [shadow]
}

async function proxyCautions(
  edge: Edge,
  { here, wanted }: { here: Look; wanted: Destination[] },
  io: Io,
): Promise<string[]> {
  const { namespace } = edge.config
  const [looks, refused] = await Promise.all([
    endpoints(edge.proxies, { wanted, namespace }, io),
    here.behind.length === 0 ? [] : refusals(edge.proxies, here.proxies, io),
  ])
  return [
    ...here.proxies.flatMap((proxy) =>
      'silent' in proxy
        ? [proxy.silent]
        : proxy.served.length === 0
          ? [`the proxy ${proxy.url} serves nothing of it: its users are not moved`]
          : proxy.first.map(
              (route) =>
                `${route} of the proxy ${proxy.url} comes before it and takes every request: nobody is moved there`,
            ),
    ),
    ...refused.flatMap((each) =>
      'count' in each && each.count > 0
        ? [`the proxy ${each.url} has refused ${each.count} updates of these routes since it started`]
        : [],
    ),
    ...looks.flatMap((look) =>
      'silent' in look
        ? []
        : wanted.flatMap((destination) => {
            const all = Object.entries(look.endpoints).flatMap(([name, each]) =>
              isClusterOf(name, destination, namespace) ? each : [],
            )
            const healthy = all.filter(({ troubles }) => troubles.length === 0)
            const has = all.length === 0 ? 'no endpoint' : `${all.length} endpoints, none of them healthy`
            return healthy.length > 0
              ? []
              : [`the proxy ${look.url} has ${has} for ${nameOf(destination)}: it would answer 503`]
          }),
    ),
  ]
}
