// One look at a route. The value is what its controllers have read; where they are behind, what the route says stands elsewhere.
import { type Json, type JsonObject, matches, sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { versionOf as versionIn } from '../../kubernetes/over.ts'
import { ownersOf, reconcilersOf, writerOf } from '../../kubernetes/owners.ts'
import { type Reading, readingOf } from './parents.ts'
import type { HttpRoute } from './http-route.ts'
import { type RuleHere, mirrorOf, splitOf } from '../rules.ts'
import { cohortIn } from './cohort.ts'
import { placeOf } from './place.ts'
import { leftBehind, rulesIn, withoutTarget } from './route.ts'
import { type GatewayApiConfig, GROUP, resourceOf } from './schema.ts'

const GENERATIONS_KEPT = 32 // far more than a controller is ever behind

export type Value = Split | Mirror | Cohort

export interface Edge {
  config: GatewayApiConfig
  kube: Kube
  /** What the target held at generations that were looked at, by target and identity of the route. */
  seen: Map<string, Map<number, Value>>
  /** Which look was told as what, for as long as somebody holds what was told. */
  looks: WeakMap<Observed, Look>
}

export interface Look {
  target: string
  route: HttpRoute
  rules: RuleHere[]
  reading: Reading
  /** What the route says. */
  said: Value
  /** Rules that say something else than the first one. */
  others: { label: string; value: Json }[]
  /** What the controllers have read. */
  value: Value
  /** They are behind, and this worker has not seen what they have read last: `value` is what the route says. */
  isUntold: boolean
}

export function pathOf({ kind, namespace, route }: GatewayApiConfig): string {
  return `/apis/${GROUP}/v1/namespaces/${namespace}/${resourceOf(kind)}/${route}`
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config, kube } = edge
  refuseOther(config, target)
  const doing = `reading ${target} of ${placeOf(config)} in cluster ${kube.cluster}`
  const route = await kube.get<HttpRoute>({ path: pathOf(config), doing }, io)
  const rules = rulesIn(route, config)
  const reading = readingOf(route, config.controllers)
  const { value: said, others } = saidBy(route, { target, rules, config })
  return {
    target,
    route,
    rules,
    reading,
    said,
    others,
    ...readValue(edge, { target, route, reading, said }),
  }
}

function saidBy(
  route: HttpRoute,
  { target, rules, config }: { target: string; rules: RuleHere[]; config: GatewayApiConfig },
): Pick<Look, 'others'> & { value: Value } {
  if (target === COHORT) return cohortIn(route, rules, config)
  return target === 'split' ? splitOf(rules, config) : mirrorOf(rules)
}

/**
 * A status tells a generation, not its content: that is remembered from the look before the write. Where it is not (another worker
 * has written, or this one was restarted meanwhile), nobody knows what users get until the controllers have followed.
 */
function readValue(
  { seen }: Edge,
  {
    target,
    route: { metadata },
    reading: { upTo },
    said,
  }: Pick<Look, 'target' | 'route' | 'reading' | 'said'>,
): Pick<Look, 'value' | 'isUntold'> {
  const { uid, generation = 0 } = metadata
  const key = `${target} ${uid}`
  const known = seen.get(key) ?? new Map<number, Value>()
  known.set(generation, said)
  for (const each of known.keys()) if (each <= generation - GENERATIONS_KEPT) known.delete(each)
  seen.set(key, known)
  if (upTo === null || upTo >= generation) return { value: said, isUntold: false }
  const read = known.get(upTo)
  return { value: read ?? said, isUntold: read === undefined }
}

export function observed(here: Look, { config }: Edge): Observed<Value> {
  const { route, reading, value } = here
  const elsewhere = elsewhereOf(here, config)
  const reconcilers = reconcilersOf(route, { as: placeOf(config), what: declaredOf(here) })
  const cautions = cautionsOf(here, config)
  const writer = writerOf(route, ['spec', 'rules'])
  const facts: JsonObject = { generation: route.metadata.generation ?? 0, read: reading.lines.join('; ') }
  if (reading.refusals.length > 0) facts.refused = reading.refusals.map(({ words }) => words).join('; ')
  return {
    value,
    version: versionOf(here, config),
    facts,
    ...(writer === null ? {} : writer),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...(reconcilers.length === 0 ? {} : { reconcilers }),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** What is not as the value: the route itself while its controllers are behind, and rules that do not say the same. */
export function elsewhereOf(
  { route, reading, said, others, value, isUntold }: Look,
  config: GatewayApiConfig,
): Elsewhere[] {
  const { generation = 0 } = route.metadata
  const place = placeOf(config)
  const behind = `${place}: ${reading.late.join('; ')}; what that one held is not known`
  const own: Elsewhere[] = sameJson(said, value)
    ? []
    : [{ place: `${place}, generation ${generation} (read up to ${reading.upTo})`, value: said }]
  return [
    ...own,
    ...(isUntold ? [{ place: behind, value: null, isUntold: true as const }] : []),
    ...others.map(({ label, value: other }) => ({ place: `${label} of ${place}`, value: other })),
  ]
}

function versionOf({ route, rules, said, others, target }: Look, config: GatewayApiConfig): string {
  return versionIn(route.metadata, { said, others }, withoutTarget(route, { rules, target, config }))
}

/** Whether the route, all of its rules and all of its controllers hold it. */
export function isThere({ said, others, value }: Look, desired: Json): boolean {
  return [said, value, ...others.map((each) => each.value)].every((each) => matches(each, desired))
}

/** What others would put back. */
const WHAT: Record<string, string> = { split: 'weights', mirror: 'mirrors', cohort: 'rules' }

function cautionsOf({ route, rules, reading, target }: Look, config: GatewayApiConfig): string[] {
  const { deletionTimestamp } = route.metadata
  const sticky = rules.filter(({ at }) => route.spec.rules?.[at]?.['sessionPersistence'] !== undefined)
  const backendFilters = rules.filter(({ at, refs }) =>
    [refs.old, refs.new].some(
      (each) => route.spec.rules?.[at]?.backendRefs?.[each]?.['filters'] !== undefined,
    ),
  )
  return [
    ...ownersOf(route, declaredOf({ target })),
    ...(target === COHORT ? cohortIn(route, rules, config).cautions : []),
    ...(deletionTimestamp === undefined ? [] : [`it is being deleted since ${deletionTimestamp}`]),
    ...reading.silent.map(
      (name) => `no controller says anything of ${name}: nothing shows that it uses this route`,
    ),
    ...reading.undated.map(
      (name) => `${name} does not say which generation of it was read: only the counted requests tell`,
    ),
    ...reading.late,
    ...reading.refusals.map(({ words }) => words),
    ...leftBehind(route, rules, config),
    ...sticky.map(
      ({ label }) => `${label} keeps known users on their side (sessionPersistence) whatever the weights say`,
    ),
    ...backendFilters.map(
      ({ label }) => `${label} has filters on a backendRef of a side: the sides may answer differently`,
    ),
  ]
}

function declaredOf({ target }: Pick<Look, 'target'>): string {
  return WHAT[target] ?? target
}

function refuseOther({ shadow, cohort }: GatewayApiConfig, target: string): void {
  if (target === 'split' || (target === 'mirror' && shadow !== undefined)) return
  if (target === COHORT && cohort !== undefined) return
  const why = WITHOUT[target] ?? 'it has split, mirror and cohort only'
  throw failure('Unsupported', `traffic/gateway-api cannot change ${target}: ${why}`)
}

const WITHOUT: Record<string, string> = {
  mirror: 'the connection names no `shadow`',
  cohort: 'the connection says not how members are told (cohort: { header: x-tenant })',
}
