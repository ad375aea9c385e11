// One look at a TraefikService. Where Traefiks are named the value is what they serve, and what the object says stands beside it as
// another place while they are behind; where none answers, the value is what it says. One that does not answer is a place of its own,
// of which nobody knows what it holds.
import { type Json, type JsonObject, matches, sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { versionOf } from '../../kubernetes/over.ts'
import { ownersOf, writerOf } from '../../kubernetes/owners.ts'
import { splitOf } from '../rules.ts'
import { type NamedProxies, untoldOf } from '../named.ts'
import { type TraefikLook, served } from './apis.ts'
import { GROUP, type TraefikCrdConfig, objectOf } from './schema.ts'
import {
  type Entry,
  type TraefikService,
  isServedAs,
  mirrorIn,
  namesOf,
  placeOf,
  weightedIn,
  withoutTarget,
} from './service.ts'

export type Value = Split | Mirror

export interface Edge {
  config: TraefikCrdConfig
  kube: Kube
  traefiks: NamedProxies
  /** Which look was told as what, for as long as somebody holds what was told. */
  looks: WeakMap<Observed, Look>
}

export interface Look {
  target: string
  object: TraefikService
  traefiks: TraefikLook[]
  /** What the object says. */
  said: Value
  /** What Traefiks serve that is not as it says. */
  behind: Elsewhere[]
  value: Value
}

export function pathOf(config: TraefikCrdConfig, target: string): string {
  return `/apis/${GROUP}/v1alpha1/namespaces/${config.namespace}/traefikservices/${objectOf(config, target)}`
}

export async function read({ config, kube }: Edge, target: string, io: Io): Promise<TraefikService> {
  const doing = `reading ${target} of ${placeOf(config, target)} in cluster ${kube.cluster}`
  return await kube.get<TraefikService>({ path: pathOf(config, target), doing }, io)
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config } = edge
  refuseOther(config, target)
  const object = await read(edge, target, io)
  const said = saidBy(object, target, config)
  const name = objectOf(config, target)
  const traefiks = await served(edge.traefiks, { config, target, name }, io)
  const behind = traefiks.flatMap((each): Elsewhere[] => {
    if ('silent' in each || each.served === null) return []
    const value = servedValue(object, { figures: each.served.figures, target, config })
    return sameJson(value, said) ? [] : [{ place: `${each.served.name} of the Traefik ${each.url}`, value }]
  })
  const first = behind.find((each) => each.value !== null)
  return { target, object, traefiks, said, behind, value: (first?.value as Value | undefined) ?? said }
}

/** All but cautions. */
export function seenIn(here: Look, config: TraefikCrdConfig): Observed<Value> & { version: string } {
  const { object, traefiks, said, target, value } = here
  const writer = writerOf(object, ['spec', target === 'mirror' ? 'mirroring' : 'weighted'])
  const elsewhere = [...elsewhereOf(here, config), ...untoldOf(traefiks)]
  const facts: JsonObject = { generation: object.metadata.generation ?? 0 }
  if (traefiks.length > 0)
    facts['traefiks'] = traefiks
      .map((each) =>
        'silent' in each
          ? each.silent
          : `${each.url} ${each.served === null ? 'serves nothing of it' : 'serves it'}`,
      )
      .join('; ')
  return {
    value,
    version: versionOf(object.metadata, { said }, withoutTarget(object, target, config)),
    facts,
    ...(writer === null ? {} : writer),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

/** What is not as the value, as far as it could be told. */
export function elsewhereOf(
  { object, said, behind, value, target }: Look,
  config: TraefikCrdConfig,
): Elsewhere[] {
  const { generation = 0 } = object.metadata
  const own = sameJson(said, value)
    ? []
    : [{ place: `${placeOf(config, target)}, generation ${generation}`, value: said }]
  return [...own, ...behind.filter((each) => !sameJson(each.value, value))]
}

/** Whether the object and all Traefiks that answer hold it. */
export function isThere({ said, behind }: Look, desired: Json): boolean {
  return [said, ...behind.map(({ value }) => value)].every((each) => matches(each, desired))
}

/** What of it another one who declares it would put back. */
export function declaredOf(target: string): string {
  return target === 'mirror' ? 'percents' : 'weights'
}

/** What a person should know before users are moved. */
export function cautionsOf({ object, traefiks, target }: Look): string[] {
  const { deletionTimestamp } = object.metadata
  return [
    ...ownersOf(object, declaredOf(target)),
    ...(deletionTimestamp === undefined ? [] : [`it is being deleted since ${deletionTimestamp}`]),
    ...(object.spec.weighted?.sticky === undefined
      ? []
      : [
          'it is sticky: known users keep their side while it has any weight at all, and shares are reached by new users only',
        ]),
    ...traefiks.flatMap((each) => {
      if ('silent' in each) return [each.silent]
      if (each.served === null)
        return [
          `the Traefik ${each.url} serves nothing of it: it does not read this namespace, or one of its Services is missing or has no endpoint, and its users are answered 404`,
        ]
      if (each.served.status !== 'enabled')
        return [
          `${each.served.name} is ${each.served.status} in the Traefik ${each.url}: its users are answered 404`,
        ]
      return []
    }),
  ]
}

function saidBy(object: TraefikService, target: string, config: TraefikCrdConfig): Value {
  if (target === 'mirror') return { percent: mirrorIn(object, config).percent }
  return splitOf([weightedIn(object, config)], namesOf(config)).value
}

/** In the same form; null: it serves other entries. */
function servedValue(
  object: TraefikService,
  { figures, target, config }: { figures: Record<string, number>; target: string; config: TraefikCrdConfig },
): Value | null {
  const figureOf = (entry: Entry | undefined): number | undefined =>
    entry === undefined
      ? undefined
      : Object.entries(figures).find(([name]) => isServedAs(entry, name, config))?.[1]
  if (target === 'mirror') {
    const { at } = mirrorIn(object, config)
    const percent = figureOf(object.spec.mirroring?.mirrors?.[at])
    return percent === undefined ? null : { percent }
  }
  const rule = weightedIn(object, config)
  const all = object.spec.weighted?.services ?? []
  const [old, fresh] = [figureOf(all[rule.refs.old]), figureOf(all[rule.refs.new])]
  if (old === undefined || fresh === undefined) return null
  return splitOf([{ ...rule, weights: { old, new: fresh } }], namesOf(config)).value
}

function refuseOther({ shadow }: TraefikCrdConfig, target: string): void {
  if (target === 'split' || (target === 'mirror' && shadow !== undefined)) return
  const why = target === 'mirror' ? 'the connection names no `shadow`' : 'it has split and mirror only'
  throw failure('Unsupported', `traffic/traefik-crd cannot change ${target}: ${why}`)
}
