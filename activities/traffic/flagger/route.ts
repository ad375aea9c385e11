// The route of a Canary, whichever mesh it is of: its weights, and what leads everybody back. Pure.
import type { JsonObject } from '../../../workflows/json.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'
import type { HttpRoute } from '../gateway-api/http-route.ts'
import * as gateway from '../gateway-api/route.ts'
import * as istio from '../istio/route.ts'
import type { VirtualService } from '../istio/virtual-service.ts'
import { type RuleHere, splitOf } from '../rules.ts'
import { type CanaryNames, namesOf } from './schema.ts'

export type Place = CanaryNames & { namespace: string }

export function pathOfRoute(config: Place): string {
  const { group, resource, route } = namesOf(config)
  const version = config.mesh === 'istio' ? 'v1beta1' : 'v1' // as Flagger itself reads and writes it
  return `/apis/${group}/${version}/namespaces/${config.namespace}/${resource}/${route}`
}

export interface RouteHere {
  split: Split
  /** The number that stands for the canary, which is what Flagger reckons with. */
  weight: number
  /** All that a write of the weights leaves as it is. */
  beside: JsonObject
  patchTo(desired: Split): PatchOperation[]
}

/** Raises Missing and Config. */
export function routeHere(route: KubeObject, config: Place): RouteHere {
  const { old, new: fresh, route: name } = namesOf(config)
  const { namespace } = config
  if (config.mesh === 'istio') {
    const service = route as VirtualService
    const own = { namespace, virtual_service: name, old: { host: old }, new: { host: fresh } }
    const rules = istio.rulesIn(service, own)
    return {
      split: splitOf(rules, { old, new: fresh }).value,
      weight: weightIn(rules),
      beside: istio.withoutTarget(service, { rules, target: 'split', config: own }),
      patchTo: (desired) => istio.splitPatch(service, { rules, desired, config: own }),
    }
  }
  const http = route as HttpRoute
  const own = { kind: 'HTTPRoute' as const, namespace, route: name, old, new: fresh }
  const rules = gateway.rulesIn(http, own)
  return {
    split: splitOf(rules, own).value,
    weight: weightIn(rules),
    beside: gateway.withoutTarget(http, { rules, target: 'split', config: own }),
    patchTo: (desired) => gateway.splitPatch(rules, desired, own),
  }
}

function weightIn([rule]: RuleHere[]): number {
  return rule?.weights.new ?? 0
}
