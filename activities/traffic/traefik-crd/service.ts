// The entries of a TraefikService that a cutover moves: their weights and percents, and what sets them, as JSON Patch. Pure; touches
// nothing else. https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/kubernetes/crd/http/traefikservice/
import type { FailureKind } from '../../../workflows/failure.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'
import type { Sides } from '../parts.ts'
import { type RuleHere, weightsFor } from '../rules.ts'
import { type TraefikCrdConfig, objectOf } from './schema.ts'

const WEIGHT_MAX = 1_000_000 // of a whole number of any size: more parts than anybody writes
const DEFAULT_WEIGHT = 1

export interface Entry extends JsonObject {
  name: string
  kind?: string
  namespace?: string
  port?: number | string
  weight?: number
  percent?: number
}
export interface TraefikService extends KubeObject {
  spec: {
    weighted?: { services?: Entry[]; sticky?: JsonObject } & JsonObject
    mirroring?: { mirrors?: Entry[] } & JsonObject
  } & JsonObject
}

export type Config = Pick<TraefikCrdConfig, 'namespace' | 'service' | 'old' | 'new' | 'mirroring' | 'shadow'>

export function placeOf(config: Config, target: string): string {
  return `TraefikService ${config.namespace}/${objectOf(config as TraefikCrdConfig, target)}`
}

export function namesOf({ old, new: fresh }: Config): Sides<string> {
  return { old, new: fresh }
}

/** Entry as `name` or `name:port`. */
export function isCalled({ name, port }: Entry, wanted: string): boolean {
  const [own, onPort] = wanted.split(':')
  return name === own && (onPort === undefined || String(port) === onPort)
}

/** The weights of both sides. Raises Missing and Config. */
export function weightedIn(object: TraefikService, config: Config): RuleHere {
  const place = placeOf(config, 'split')
  const all = object.spec.weighted?.services
  if (all === undefined)
    throw failure('Missing', `${place} has no weighted.services; it has ${formsOf(object)}`)
  const refs = { old: placeIn(all, config.old, place), new: placeIn(all, config.new, place) }
  const others = all.filter((each, at) => at !== refs.old && at !== refs.new && weightOf(each) > 0)
  if (others.length > 0) {
    const names = others.map((each) => `${each.name} (weight ${weightOf(each)})`).join(', ')
    throw failure(
      'Config',
      `${place} also sends to ${names}: a cutover moves requests between two Services only`,
    )
  }
  const weights = { old: weightOf(all[refs.old]), new: weightOf(all[refs.new]) }
  return { label: 'weighted', at: 0, refs, weights, mirrored: 0 }
}

/** The mirror and its place. Raises Missing. */
export function mirrorIn(object: TraefikService, config: Config): { at: number; percent: number } {
  const place = placeOf(config, 'mirror')
  const all = object.spec.mirroring?.mirrors
  if (all === undefined)
    throw failure('Missing', `${place} has no mirroring.mirrors; it has ${formsOf(object)}`)
  const at = placeIn(all, config.shadow ?? '', place)
  return { at, percent: all[at]?.percent ?? 0 }
}

/** Guarded by the names of the entries. Raises Rejected. */
export function splitPatch(
  rule: RuleHere,
  desired: Split,
  of: { object: TraefikService; config: Config },
): PatchOperation[] {
  const { object, config } = of
  const weights = weightsFor(rule, desired, { names: namesOf(config), isOnly: true, max: WEIGHT_MAX })
  if (typeof weights === 'string') throw refuse('Rejected', config, weights)
  if (weights.old + weights.new === 0)
    throw refuse('Rejected', config, 'weights 0 and 0 would leave no Service to send requests to')
  return (['old', 'new'] as const).flatMap((side): PatchOperation[] => {
    const path = `/spec/weighted/services/${rule.refs[side]}`
    const name = object.spec.weighted?.services?.[rule.refs[side]]?.name ?? ''
    return [
      { op: 'test', path: `${path}/name`, value: name },
      { op: 'add', path: `${path}/weight`, value: weights[side] }, // adds or replaces
    ]
  })
}

export function mirrorPatch(object: TraefikService, { percent }: Mirror, config: Config): PatchOperation[] {
  if (!(Number.isInteger(percent) && percent >= 0 && percent <= 100))
    throw refuse(
      'Rejected',
      config,
      `${percent} % cannot be mirrored: Traefik takes whole percents of 0 to 100`,
    )
  const { at } = mirrorIn(object, config)
  const path = `/spec/mirroring/mirrors/${at}`
  const name = object.spec.mirroring?.mirrors?.[at]?.name ?? ''
  return [
    { op: 'test', path: `${path}/name`, value: name },
    { op: 'add', path: `${path}/percent`, value: percent },
  ]
}

/** The object without what a write to the target sets, so that the rest can be compared. */
export function withoutTarget(object: TraefikService, target: string, config: Config): JsonObject {
  const spec = structuredClone(object.spec)
  const { weighted, mirroring } = spec
  const ours = target === 'mirror' ? [config.shadow ?? ''] : [config.old, config.new]
  for (const each of target === 'mirror' ? (mirroring?.mirrors ?? []) : (weighted?.services ?? [])) {
    if (!ours.some((name) => isCalled(each, name))) continue
    if (target === 'mirror') delete each.percent
    else delete each.weight
  }
  return spec
}

/** What Traefik calls an entry: by its own identity, or below the object that names it (safeNaming). */
export function isServedAs(entry: Entry, served: string, { namespace }: Config): boolean {
  const [bare = ''] = served.split('@')
  const parts = [
    entry.namespace ?? namespace,
    entry.name,
    ...(entry.port === undefined ? [] : [String(entry.port)]),
  ]
  return bare === normal(parts.join('-')) || bare === parts.join('_') || bare.endsWith(`_${parts.join('_')}`)
}

/** Both ways in which Traefik calls a TraefikService. */
export function servedNames({ namespace }: Config, name: string): string[] {
  return [normal(`${namespace}-${name}`), `${namespace}_${name}`].map((each) => `${each}@kubernetescrd`)
}

export function refuse(kind: FailureKind, config: Config, why: string): Error {
  return failure(kind, `${placeOf(config, 'split')}: ${why}`)
}

function normal(name: string): string {
  return name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .join('-')
}

function placeIn(all: Entry[], wanted: string, place: string): number {
  const fitting = all.flatMap((each, at) => (isCalled(each, wanted) ? [at] : []))
  const [only] = fitting
  const there = all.map(wordsOf).join(', ') || 'none'
  if (only === undefined)
    throw failure('Missing', `${place} has no entry ${wanted}; it has ${there}. Add it, with weight 0`)
  if (fitting.length > 1)
    throw failure(
      'Config',
      `${place} has several entries ${wanted} (${there}): ${tellingApart(all, fitting)}`,
    )
  return only
}

function wordsOf({ name, port, namespace }: Entry): string {
  const place = namespace === undefined ? '' : `${namespace}/`
  return `${place}${name}${port === undefined ? '' : `:${port}`}`
}

function tellingApart(all: Entry[], fitting: number[]): string {
  const ports = new Set(fitting.map((at) => String(all[at]?.port ?? '')))
  return ports.size === fitting.length
    ? 'name one with its port'
    : 'two of one name and port cannot be told apart: give one of them a Service of another name'
}

function weightOf(entry: Entry | undefined): number {
  return entry?.weight ?? DEFAULT_WEIGHT
}

function formsOf({ spec }: TraefikService): string {
  return Object.keys(spec).join(', ') || 'nothing'
}
