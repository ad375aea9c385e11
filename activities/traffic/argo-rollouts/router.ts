// What the VirtualService of a Rollout says: the weights of its canary and of its stable destination, route by route. Pure; the
// controller owns these weights, nobody else may write them.
import { failure } from '../../failure.ts'
import { keyOf } from '../istio/destination.ts'
import type { VirtualService, Weighted } from '../istio/virtual-service.ts'
import { type Rollout, canaryOf } from './rollout.ts'
import type { ArgoRolloutsConfig } from './schema.ts'

interface Router {
  name: string
  routes?: string[]
}
interface Istio {
  virtualService?: Router
  virtualServices?: Router[]
  destinationRule?: { canarySubsetName: string; stableSubsetName: string }
}

type Destination = 'toCanary' | 'toStable'
const SERVICES = { toCanary: 'canaryService', toStable: 'stableService' } as const
const SUBSETS = { toCanary: 'canarySubsetName', toStable: 'stableSubsetName' } as const

export interface RouteWeights {
  label: string
  canary: number
  stable: number
}

/** The VirtualServices that the Rollout says it drives. */
export function routersOf(rollout: Rollout): Router[] {
  const { virtualService, virtualServices } = istioOf(rollout)
  return virtualServices ?? (virtualService === undefined ? [] : [virtualService])
}

export function weightsIn(
  service: VirtualService,
  { rollout, config }: { rollout: Rollout; config: ArgoRolloutsConfig },
): RouteWeights[] {
  const name = config.virtual_service ?? ''
  const router = routersOf(rollout).find(
    (each) => each.name === name || each.name === `${name}.${config.namespace}`,
  )
  const place = `VirtualService ${config.namespace}/${name}`
  if (router === undefined) {
    const named = routersOf(rollout).map((each) => each.name)
    throw failure('Config', `Rollout ${config.rollout} does not drive ${place}, but ${list(named)}`)
  }
  const { routes = [] } = router
  const all = (service.spec.http ?? []).map((rule, at) => ({ rule, label: `http route ${rule.name ?? at}` }))
  const moved = all.filter(({ rule }) =>
    routes.length === 0
      ? (rule.route ?? []).some((each) => isOf('toCanary', each, { rollout, config }))
      : routes.includes(rule.name ?? ''),
  )
  if (moved.length === 0)
    throw failure('Missing', `${place} has no http route of Rollout ${config.rollout} (${list(routes)})`)
  return moved.map(({ rule, label }) => {
    const sum = (side: Destination): number =>
      (rule.route ?? []).reduce(
        (weights, each) => weights + (isOf(side, each, { rollout, config }) ? (each.weight ?? 0) : 0),
        0,
      )
    return { label: `${label} of ${place}`, canary: sum('toCanary'), stable: sum('toStable') }
  })
}

/** By subset where the Rollout names a DestinationRule, else by Service: as the controller tells them. */
function isOf(
  side: Destination,
  { destination }: Weighted,
  { rollout, config }: { rollout: Rollout; config: ArgoRolloutsConfig },
): boolean {
  const { destinationRule } = istioOf(rollout)
  if (destinationRule !== undefined)
    return destination.subset !== undefined && destination.subset === destinationRule[SUBSETS[side]]
  const host = canaryOf(rollout)[SERVICES[side]] ?? ''
  return host !== '' && keyOf(destination.host, config.namespace) === keyOf(host, config.namespace)
}

function istioOf(rollout: Rollout): Istio {
  const { trafficRouting } = canaryOf(rollout) as { trafficRouting?: { istio?: Istio } }
  return trafficRouting?.istio ?? {}
}

function list(names: string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}
