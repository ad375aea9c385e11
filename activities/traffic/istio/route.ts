// Finds the http routes of a VirtualService that a cutover moves, reads their weights and mirrors, and says as JSON Patch what
// changes them. Pure; touches nothing else.
import type { JsonObject } from '../../../workflows/json.ts'
import { COHORT, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import { type RuleHere, weightsFor } from '../rules.ts'
import { isOurs } from './cohort.ts'
import { type Destination, isSame, nameOf, storedName } from './destination.ts'
import { mirroredBy, withoutMirrorTo } from './mirror.ts'
import { type Config, namesOf, placeOf, refuse } from './place.ts'
import type { ConnectionRule, HttpRule, VirtualService, Weighted } from './virtual-service.ts'

const WEIGHT_MAX = 2_147_483_647 // of the definition: int32; Envoy takes a sum of twice as much
const ALONE = 100 // what a destination without a weight has, where it is the only one

/** The routes that are moved together; those of a cohort are none of them, and count for no place. Raises Missing and Config. */
export function rulesIn(service: VirtualService, config: Config): RuleHere[] {
  const place = placeOf(config)
  const all = (service.spec.http ?? [])
    .map((rule, at) => ({ rule, at }))
    .filter(({ rule }) => !isOurs(rule.name, config))
    .map((each, order) => ({ ...each, label: labelOf(each.rule, order) }))
  const labels = all.map(({ label }) => label).join(', ') || 'none'
  if (config.routes !== undefined) {
    return config.routes.map((wanted) => {
      const found = all.find(({ rule }, at) =>
        typeof wanted === 'number' ? at === wanted : rule.name === wanted,
      )
      if (found === undefined)
        throw failure('Missing', `${place} has no http route ${wanted}; it has ${labels}`)
      return ruleHere(found, config)
    })
  }
  const fitting = all.filter(
    ({ rule }) => sendsTo(rule, config.old, config) && sendsTo(rule, config.new, config),
  )
  if (fitting.length > 1) {
    const names = fitting.map(({ label }) => label).join(', ')
    throw failure(
      'Config',
      `${place}: several http routes send to both sides: ${names}; name those to be moved in routes`,
    )
  }
  const [only] = fitting
  if (only !== undefined) return [ruleHere(only, config)]
  const sends = all.map(({ rule, label }) => `${label} to ${namesIn(rule).join(' and ') || 'nothing'}`)
  const names = namesOf(config)
  throw failure(
    'Missing',
    `${place} has no http route that sends to ${names.old} and ${names.new}: ${sends.join('; ') || noneIn(service)}. Both must be there, the new side with weight 0`,
  )
}

function noneIn({ spec: { tls = [], tcp = [] } }: VirtualService): string {
  const connections = [...tls.map(() => 'tls'), ...tcp.map(() => 'tcp')]
  return connections.length === 0
    ? 'it has none'
    : `it has ${[...new Set(connections)].join(' and ')} routes only, which lead connections and not requests: those are not moved`
}

/** Routes beside those that are moved which send to one of the sides: whoever comes through them is not moved. */
export function leftBehind(service: VirtualService, moved: RuleHere[], config: Config): string[] {
  const { http = [], tls = [], tcp = [] } = service.spec
  const sidesOf = (rule: ConnectionRule): string =>
    [config.old, config.new]
      .filter((side) => sendsTo(rule, side, config))
      .map(nameOf)
      .join(' and ')
  const others = http.flatMap((rule, at) => {
    if (moved.some((each) => each.at === at) || isOurs(rule.name, config)) return []
    const to = sidesOf(rule)
    return to === ''
      ? []
      : [`${labelOf(rule, at)} sends to ${to} too and is not moved: name it in routes, or its users stay`]
  })
  const connections = Object.entries({ tls, tcp }).flatMap(([kind, all]) =>
    all.flatMap((rule, at) => {
      const to = sidesOf(rule)
      return to === ''
        ? []
        : [`${kind} route ${at} sends to ${to} too: only http routes are moved, and its users stay`]
    }),
  )
  return [...others, ...connections]
}

/** What sets the weights, guarded by the destinations. Raises Rejected for a split that weights cannot hold. */
export function splitPatch(
  service: VirtualService,
  { rules, desired, config }: { rules: RuleHere[]; desired: Split; config: Config },
): PatchOperation[] {
  return rules.flatMap((rule) => {
    const asked = { names: namesOf(config), isOnly: rules.length === 1, max: WEIGHT_MAX }
    const weights = weightsFor(rule, desired, asked)
    if (typeof weights === 'string') throw refuse('Rejected', config, weights)
    if (weights.old + weights.new === 0)
      throw refuse(
        'Rejected',
        config,
        'weights 0 and 0 are refused by Envoy, which would go on with those before',
      )
    return (['old', 'new'] as const).flatMap((side): PatchOperation[] => {
      const at = `/spec/http/${rule.at}/route/${rule.refs[side]}`
      const there = service.spec.http?.[rule.at]?.route?.[rule.refs[side]]?.destination ?? null
      return [
        { op: 'test', path: `${at}/destination`, value: there },
        { op: 'add', path: `${at}/weight`, value: weights[side] }, // adds or replaces
      ]
    })
  })
}

/** What it says without what a write to the target sets, so that the rest can be compared. */
export function withoutTarget(
  service: VirtualService,
  { rules, target, config }: { rules: RuleHere[]; target: string; config: Config },
): JsonObject {
  const spec = structuredClone(service.spec)
  if (target === COHORT)
    return { ...spec, http: (spec.http ?? []).filter(({ name }) => !isOurs(name, config)) }
  for (const { at, refs } of rules) {
    const rule = spec.http?.[at]
    if (rule === undefined) continue
    if (target === 'split') for (const each of [refs.old, refs.new]) delete rule.route?.[each]?.weight
    else Object.assign(rule, withoutMirrorTo(rule, config))
  }
  return spec
}

function ruleHere(
  { rule, at, label }: { rule: HttpRule; at: number; label: string },
  config: Config,
): RuleHere {
  const all = rule.route ?? []
  const of = { all, label, config }
  const refs = { old: placeIn(config.old, of), new: placeIn(config.new, of) }
  const weightOf = (each: Weighted): number => each.weight ?? (all.length === 1 ? ALONE : 0)
  const others = all.filter((each, place) => place !== refs.old && place !== refs.new && weightOf(each) > 0)
  if (others.length > 0) {
    const names = others
      .map((each) => `${storedName(each.destination)} (weight ${weightOf(each)})`)
      .join(', ')
    throw refuse(
      'Config',
      config,
      `${label} also sends to ${names}: a cutover moves requests between two destinations only`,
    )
  }
  const weight = (side: 'old' | 'new'): number => weightOf(all[refs[side]] as Weighted)
  return {
    label,
    at,
    refs,
    weights: { old: weight('old'), new: weight('new') },
    mirrored: mirroredBy(rule, config),
  }
}

function placeIn(
  wanted: Destination,
  { all, label, config }: { all: Weighted[]; label: string; config: Config },
): number {
  const fitting = all.flatMap(({ destination }, at) =>
    isSame(destination, wanted, config.namespace) ? [at] : [],
  )
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const there = all.map(({ destination }) => storedName(destination)).join(', ') || 'none'
  if (only !== undefined)
    throw refuse(
      'Config',
      config,
      `${label} has several destinations ${nameOf(wanted)} (${there}): name one with its port`,
    )
  throw refuse(
    'Missing',
    config,
    `${label} has no destination ${nameOf(wanted)}; it has ${there}. Add it, with weight 0`,
  )
}

function sendsTo({ route = [] }: ConnectionRule, wanted: Destination, { namespace }: Config): boolean {
  return route.some(({ destination }) => isSame(destination, wanted, namespace))
}

function namesIn({ route = [], delegate }: HttpRule): string[] {
  return delegate === undefined ? route.map(({ destination }) => storedName(destination)) : ['a delegate']
}

export function labelOf({ name }: HttpRule, at: number): string {
  return `http route ${name ?? at}`
}
