// What a person should know of the clusters of a route before users are moved: clusters that are not there, endpoints that are
// none or unhealthy, weights that something else overrides.
import { isTold } from '../../http.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { type Endpoint, endpointsOf } from '../../envoy/admin.ts'
import { cohortName } from './cohort-name.ts'
import { type Edge, adminOf, clustersFor } from './edge.ts'
import { type RouteHere, runtimeKeysOf } from './routes.ts'

const ENDPOINTS_NAMED_MAX = 3 // a person wants to know the kind of trouble, not every endpoint of a fleet

/** A look that fails here has still read its value: what could not be asked is a caution itself. */
export async function cautionsOf(
  edge: Edge,
  { target, route }: { target: string; route: RouteHere },
  io: Io,
): Promise<string[]> {
  const { config } = edge
  const names = clustersFor(target, config)
  const keys = runtimeKeysOf(route.action)
  const overridden =
    keys === null || target !== 'split'
      ? []
      : [`${route.name} names runtime keys (${keys}): values set there override the weights of the file`]
  const left = target === 'split' ? route.sharing.filter((label) => label !== cohortName(config)) : []
  const others = left.map((label) => `route ${label} sends to a side too and is not moved: its users stay`)
  try {
    const endpoints = await endpointsOf(adminOf(edge, io), names)
    return [...names.flatMap((name) => ofCluster(name, endpoints[name])), ...overridden, ...others]
  } catch (error) {
    if (isTold(io.signal)) throw error
    return [`the endpoints could not be looked at: ${(error as Error).message}`, ...overridden, ...others]
  }
}

function ofCluster(name: string, endpoints: Endpoint[] | undefined): string[] {
  if (endpoints === undefined) return [`Envoy has no cluster ${name}: requests to it would be answered 503`]
  if (endpoints.length === 0) return [`cluster ${name} has no endpoint: requests to it are answered 503`]
  const unhealthy = endpoints.filter(({ troubles }) => troubles.length > 0)
  if (unhealthy.length === 0) return []
  const more = unhealthy.length > ENDPOINTS_NAMED_MAX ? ', ...' : ''
  const named = unhealthy
    .slice(0, ENDPOINTS_NAMED_MAX)
    .map(({ address, troubles }) => `${address} ${troubles.join(', ')}`)
    .join('; ')
  return [
    `${unhealthy.length} of ${endpoints.length} endpoints of cluster ${name} are unhealthy: ${named}${more}`,
  ]
}
