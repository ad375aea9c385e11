// One look at a Canary: its route, its Deployment, the order that a run has left on it, and what Flagger makes of it. The value is
// what users are given; while Flagger is on its way there, it is what was there before, and what was asked stands beside it.
import { matches } from '../../../workflows/json.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { SPLIT, STABLE, type Split, splitAt } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Kube, KubeObject } from '../../kubernetes/client.ts'
import { writerOf } from '../../kubernetes/owners.ts'
import { versionOfParts } from '../versions.ts'
import { type Canary, analysisOf, isPromoting, isUnderWay, weightsAfter } from './canary.ts'
import { type Deployment, type Order, isInForce, isOfRevision, isPromoted, orderIn } from './order.ts'
import { type RouteHere, pathOfRoute, routeHere } from './route.ts'
import { type FlaggerConfig, GROUP, namesOf } from './schema.ts'

export interface Edge {
  config: FlaggerConfig
  kube: Kube
}

export interface CanaryPlace {
  namespace: string
  canary: string
}

export interface Look {
  canary: Canary
  deployment: Deployment
  /** The route as it is stored. */
  stored: KubeObject
  route: RouteHere
  /** What was asked last, of whatever revision. */
  asked: Order | null
  /** In force for the revision that Flagger holds or rolls out. */
  order: Order | null
  /** Flagger has written the new revision over the old one: nothing leads back any more. */
  isGone: boolean
  value: Split
  elsewhere: Elsewhere[]
}

export function placeOf({ namespace, canary }: CanaryPlace): string {
  return `Canary ${namespace}/${canary}`
}

export function pathOf({ namespace, canary }: CanaryPlace): string {
  return `/apis/${GROUP}/v1beta1/namespaces/${namespace}/canaries/${canary}`
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  if (target !== SPLIT && target !== STABLE)
    throw failure('Unsupported', `traffic/flagger cannot change ${target}: it has split and stable`)
  const { config, kube } = edge
  const { kind, workload, route: name } = namesOf(config)
  const doing = (what: string): string => `reading ${what} in cluster ${kube.cluster}`
  const { namespace } = config
  const [canary, deployment, stored] = await Promise.all([
    kube.get<Canary>({ path: pathOf(config), doing: doing(placeOf(config)) }, io),
    kube.get<Deployment>(
      {
        path: deploymentPath(namespace, workload),
        doing: doing(`Deployment ${namespace}/${workload}`),
      },
      io,
    ),
    kube.get({ path: pathOfRoute(config), doing: doing(`${kind} ${namespace}/${name}`) }, io),
  ])
  const route = routeHere(stored, config)
  const asked = orderIn(canary)
  const order = asked !== null && isInForce(asked, canary, deployment) ? asked : null
  const isGone =
    asked !== null &&
    isOfRevision(asked, deployment) &&
    (isPromoted(asked, canary) || (isPromoting(canary) && asked.to > 0))
  const here = { canary, deployment, stored, route, asked, order, isGone }
  return {
    ...here,
    ...(isGone ? { value: splitAt(100), elsewhere: [] } : standing(here, config)),
  }
}

export function deploymentPath(namespace: string, name: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
}

function standing(
  { canary, order, route: { split, weight } }: Omit<Look, 'value' | 'elsewhere'>,
  config: FlaggerConfig,
): Pick<Look, 'value' | 'elsewhere'> {
  if (order === null) return { value: split, elsewhere: [] }
  const { from, to } = order
  const place = placeOf(config)
  if (to === 0) {
    const mayStillCome = isUnderWay(canary) && from > 0
    const still = `${place}, which Flagger has not given up yet (phase ${canary.status?.phase})`
    return { value: split, elsewhere: mayStillCome ? [{ place: still, value: splitAt(from) }] : [] }
  }
  if (matches(split, splitAt(to))) return { value: split, elsewhere: [] }
  const steps = [from, ...weightsAfter(analysisOf(canary), from)].filter((each) => each < to)
  const isOnItsWay = steps.includes(weight) && matches(split, splitAt(weight))
  const asked = `${place}, of which ${to} % are asked (Flagger has come to ${weight} %)`
  return { value: isOnItsWay ? splitAt(from) : split, elsewhere: [{ place: asked, value: splitAt(to) }] }
}

/** All but cautions. */
export function seenIn(here: Look, config: FlaggerConfig): Observed<Split> & { version: string } {
  const { canary, stored, route, order, value, elsewhere } = here
  const writer = writerOf(stored, ['spec', config.mesh === 'istio' ? 'http' : 'rules'])
  return {
    value,
    version: versionOfParts({
      identity: `${canary.metadata.uid}.${stored.metadata.uid}/${stored.metadata.generation ?? 0}`,
      own: [route.split, order] as Json,
      beside: [canary.spec, route.beside],
    }),
    facts: factsOf(here),
    ...(writer === null ? {} : writer),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

export function factsOf({ canary, route }: Look): JsonObject {
  const { phase = 'none', failedChecks = 0 } = canary.status ?? {}
  return { phase, weight: route.weight, failedChecks }
}

export function isThere({ value, elsewhere }: Look, desired: Json): boolean {
  return [value, ...elsewhere.map((each) => each.value)].every((each) => matches(each, desired))
}
