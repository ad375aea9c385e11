// One look at a VirtualService. Where proxies are named the value is what they serve, and what the VirtualService says stands beside
// it as another place while they are behind; where none answers, the value is what it says. One that does not answer is a place of
// its own, of which nobody knows what it holds.
import { type Json, type JsonObject, matches, sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { versionOf } from '../../kubernetes/over.ts'
import { writerOf } from '../../kubernetes/owners.ts'
import { type RuleHere, mirrorOf, splitOf } from '../rules.ts'
import { type NamedProxies, untoldOf } from '../named.ts'
import { type ProxyLook, served } from './proxies.ts'
import { cohortIn } from './cohort.ts'
import { namesOf, placeOf } from './place.ts'
import { rulesIn, withoutTarget } from './route.ts'
import { GROUP, type IstioConfig } from './schema.ts'
import type { VirtualService } from './virtual-service.ts'

const VALUES_KEPT = 32 // far more than a proxy is ever behind
const SAME = 1e-4 // per cent: Envoy counts a mirror in millionths

export type Value = Split | Mirror | Cohort

export interface Edge {
  config: IstioConfig
  kube: Kube
  proxies: NamedProxies
  /** Values that the VirtualService was seen to hold, by target: a proxy that is behind serves one of them. */
  seen: Map<string, Value[]>
  /** Which look was told as what, for as long as somebody holds what was told. */
  looks: WeakMap<Observed, Look>
}

export interface Look {
  target: string
  service: VirtualService
  rules: RuleHere[]
  proxies: ProxyLook[]
  /** What the VirtualService says. */
  said: Value
  /** Routes that say something else than the first one. */
  others: { label: string; value: Json }[]
  /** What proxies serve that is not as it says. */
  behind: Elsewhere[]
  value: Value
}

export function pathOf({ namespace, virtual_service: name }: IstioConfig): string {
  return `/apis/${GROUP}/v1/namespaces/${namespace}/virtualservices/${name}`
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config, kube } = edge
  refuseOther(config, target)
  const doing = `reading ${target} of ${placeOf(config)} in cluster ${kube.cluster}`
  const service = await kube.get<VirtualService>({ path: pathOf(config), doing }, io)
  const rules = rulesIn(service, config)
  const read = (of: RuleHere[]): { value: Value; others: Look['others'] } => {
    if (target === COHORT) return cohortIn(service, rules, config)
    return target === 'split' ? splitOf(of, namesOf(config)) : mirrorOf(of)
  }
  const { value: said, others } = read(rules)
  const proxies = await served(edge.proxies, { service, rules, target, config }, io)
  const known = remembered(edge, target, said)
  const behind = proxies.flatMap((proxy) =>
    'silent' in proxy
      ? []
      : proxy.served
          .filter(({ rule, value }) => !isSameShare(value, read([rule]).value))
          .map(({ label, value }) => ({
            place: `${label} of the proxy ${proxy.url}`,
            value: known.findLast((each) => isSameShare(each, value)) ?? value,
          })),
  )
  return { target, service, rules, proxies, said, others, behind, value: behind[0]?.value ?? said }
}

/** A proxy tells shares only: the weights that stood for them are remembered from the looks before. */
function remembered({ seen }: Edge, target: string, said: Value): Value[] {
  const known = seen.get(target) ?? []
  if (!known.some((each) => sameValue(each, said))) known.push(said)
  seen.set(target, known.slice(-VALUES_KEPT))
  return known
}

function sameValue(one: Value, other: Value): boolean {
  return matches(one, other) && matches(other, one)
}

function isSameShare(one: Value, other: Value): boolean {
  if ('users' in one || 'users' in other) return sameJson(one, other)
  const hasNone = (value: Value): boolean => 'old' in value && value.old + value.new === 0
  return Math.abs(shareOf(one) - shareOf(other)) < SAME && hasNone(one) === hasNone(other)
}

function shareOf(value: Split | Mirror): number {
  return 'percent' in value ? value.percent : value.new
}

/** All but cautions. */
export function seenIn(here: Look, config: IstioConfig): Observed<Value> & { version: string } {
  const { service, rules, proxies, said, others, target, value } = here
  const { generation = 0 } = service.metadata
  const writer = writerOf(service, ['spec', 'http'])
  const elsewhere = [...elsewhereOf(here, config), ...untoldOf(proxies)]
  const facts: JsonObject = { generation, hosts: (service.spec.hosts ?? []).join(', ') }
  if (proxies.length > 0)
    facts['proxies'] = proxies
      .map((proxy) => ('silent' in proxy ? proxy.silent : `${proxy.url}: ${wordsOf(proxy.served.length)}`))
      .join('; ')
  return {
    value,
    version: versionOf(service.metadata, { said, others }, withoutTarget(service, { rules, target, config })),
    facts,
    ...(writer === null ? {} : writer),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

function wordsOf(routes: number): string {
  return routes === 0 ? 'serves nothing of it' : `serves ${routes} of its routes`
}

/** What is not as the value, as far as it could be told. */
export function elsewhereOf(
  { service, said, others, behind, value }: Look,
  config: IstioConfig,
): Elsewhere[] {
  const place = placeOf(config)
  const { generation = 0 } = service.metadata
  const own = behind.length === 0 ? [] : [{ place: `${place}, generation ${generation}`, value: said }]
  return [
    ...own,
    ...behind.filter((each) => !sameValue(each.value as Value, value)),
    ...others.map(({ label, value: other }) => ({ place: `${label} of ${place}`, value: other })),
  ]
}

/** Whether the VirtualService, all of its routes and all proxies that answer hold it. */
export function isThere({ said, others, behind }: Look, desired: Json): boolean {
  return [said, ...[...behind, ...others].map((each) => each.value)].every((each) => matches(each, desired))
}

function refuseOther({ shadow, cohort }: IstioConfig, target: string): void {
  if (target === 'split' || (target === 'mirror' && shadow !== undefined)) return
  if (target === COHORT && cohort !== undefined) return
  const why = WITHOUT[target] ?? 'it has split, mirror and cohort only'
  throw failure('Unsupported', `traffic/istio cannot change ${target}: ${why}`)
}

const WITHOUT: Record<string, string> = {
  mirror: 'the connection names no `shadow`',
  cohort: 'the connection says not how members are told (cohort: { header: x-tenant })',
}
