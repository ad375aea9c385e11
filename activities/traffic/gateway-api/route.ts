// Finds the rules of an HTTPRoute that a cutover moves, reads their weights and mirrors, and says as JSON Patch what changes
// them. Pure; touches nothing else of the route. https://gateway-api.sigs.k8s.io/reference/spec/#httproute (v1.6)
import type { JsonObject } from '../../../workflows/json.ts'
import { COHORT, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import { type RuleHere, weightsFor } from '../rules.ts'
import { isCalled, nameOf } from './backend.ts'
import { isOurs } from './cohort.ts'
import type { BackendRef, HttpRoute, Rule } from './http-route.ts'
import { isMirrorTo, percentOf } from './mirror-filter.ts'
import { type Config, placeOf, refuse } from './place.ts'

const WEIGHT_MAX = 1_000_000 // of the definition; so is the default
const DEFAULT_WEIGHT = 1

/** The rules that are moved together; those of a cohort are none of them, and count for no place. Raises Missing and Config. */
export function rulesIn(route: HttpRoute, config: Config): RuleHere[] {
  const place = placeOf(config)
  const all = (route.spec.rules ?? [])
    .map((rule, at) => ({ rule, at, label: labelOf(rule, at) }))
    .filter(({ rule }) => !isOurs(rule, config))
  const labels = all.map(({ label }) => label).join(', ') || 'none'
  if (config.rules !== undefined) {
    return config.rules.map((wanted) => {
      const found = all.find(({ rule }, at) =>
        typeof wanted === 'number' ? at === wanted : rule.name === wanted,
      )
      if (found === undefined) throw failure('Missing', `${place} has no rule ${wanted}; it has ${labels}`)
      return ruleHere(found, config)
    })
  }
  const fitting = all.filter(({ rule }) => sendsTo(rule, config.old) && sendsTo(rule, config.new))
  if (fitting.length > 1) {
    const names = fitting.map(({ label }) => label).join(', ')
    throw failure(
      'Config',
      `${place}: several rules send to both sides: ${names}; name those to be moved in rules`,
    )
  }
  const [only] = fitting
  if (only !== undefined) return [ruleHere(only, config)]
  const sends = all.map(({ rule, label }) => `${label} to ${namesIn(rule).join(' and ') || 'nothing'}`)
  throw failure(
    'Missing',
    `${place} has no rule that sends to ${config.old} and ${config.new}: ${sends.join('; ') || 'it has no rules'}. Both must be there, the new side with weight 0`,
  )
}

/** Rules beside those that are moved which send to one of the sides: whoever comes through them is not moved. */
export function leftBehind(route: HttpRoute, moved: RuleHere[], config: Config): string[] {
  const { old, new: fresh } = config
  return (route.spec.rules ?? []).flatMap((rule, at) => {
    if (moved.some((each) => each.at === at) || isOurs(rule, config)) return []
    const to = [old, fresh].filter((name) => sendsTo(rule, name))
    return to.length === 0
      ? []
      : [
          `${labelOf(rule, at)} sends to ${to.join(' and ')} too and is not moved: name it in rules, or its users stay`,
        ]
  })
}

/** What sets the weights, guarded by the names of the backends. Raises Rejected for a split that weights cannot hold. */
export function splitPatch(rules: RuleHere[], desired: Split, config: Config): PatchOperation[] {
  return rules.flatMap((rule) => {
    const weights = weightsFor(rule, desired, { names: config, isOnly: rules.length === 1, max: WEIGHT_MAX })
    if (typeof weights === 'string') throw refuse('Rejected', config, weights)
    if (weights.old + weights.new === 0)
      throw refuse('Rejected', config, 'weights 0 and 0 would answer every request with status 500')
    return (['old', 'new'] as const).flatMap((side): PatchOperation[] => {
      const at = `/spec/rules/${rule.at}/backendRefs/${rule.refs[side]}`
      return [
        { op: 'test', path: `${at}/name`, value: nameOf(config[side]) },
        { op: 'add', path: `${at}/weight`, value: weights[side] }, // adds or replaces
      ]
    })
  })
}

/** The route without what a write to the target sets, so that the rest can be compared. */
export function withoutTarget(
  route: HttpRoute,
  { rules, target, config }: { rules: RuleHere[]; target: string; config: Config },
): JsonObject {
  const spec = structuredClone(route.spec)
  if (target === COHORT) return { ...spec, rules: (spec.rules ?? []).filter((rule) => !isOurs(rule, config)) }
  for (const { at, refs } of rules) {
    const rule = spec.rules?.[at]
    if (rule === undefined) continue
    if (target === 'split') for (const each of [refs.old, refs.new]) delete rule.backendRefs?.[each]?.weight
    else rule.filters = (rule.filters ?? []).filter((filter) => !isMirrorTo(filter, config.shadow))
  }
  return spec
}

function ruleHere({ rule, at, label }: { rule: Rule; at: number; label: string }, config: Config): RuleHere {
  const refs = rule.backendRefs ?? []
  const sides = {
    old: placeIn(refs, config.old, { label, config }),
    new: placeIn(refs, config.new, { label, config }),
  }
  const others = refs.filter((ref, place) => place !== sides.old && place !== sides.new && weightOf(ref) > 0)
  if (others.length > 0) {
    const names = others.map((ref) => `${ref.name} (weight ${weightOf(ref)})`).join(', ')
    throw refuse(
      'Config',
      config,
      `${label} also sends to ${names}: a cutover moves requests between two backends only`,
    )
  }
  const weights = { old: weightOf(refs[sides.old]), new: weightOf(refs[sides.new]) }
  const mirror = (rule.filters ?? []).find((filter) => isMirrorTo(filter, config.shadow))?.requestMirror
  return { label, at, refs: sides, weights, mirrored: percentOf(mirror) }
}

function placeIn(
  refs: BackendRef[],
  backend: string,
  { label, config }: { label: string; config: Config },
): number {
  const fitting = refs.flatMap((ref, at) => (isCalled(ref, backend) ? [at] : []))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const there = refs.map(wordsOf).join(', ') || 'none'
  if (only !== undefined)
    throw refuse(
      'Config',
      config,
      `${label} has several backendRefs ${backend} (${there}): ${tellingApart(refs, fitting)}`,
    )
  throw refuse(
    'Missing',
    config,
    `${label} has no backendRef ${backend}; it has ${there}. Add it, with weight 0`,
  )
}

function tellingApart(refs: BackendRef[], fitting: number[]): string {
  const ports = new Set(fitting.map((at) => refs[at]?.port))
  return ports.size === fitting.length
    ? 'name one with its port'
    : 'two of one name and port cannot be told apart: give one of them a Service of another name'
}

function wordsOf({ name, port, namespace }: BackendRef): string {
  const place = namespace === undefined ? '' : `${namespace}/`
  return `${place}${name}${port === undefined ? '' : `:${port}`}`
}

function sendsTo({ backendRefs = [] }: Rule, backend: string): boolean {
  return backendRefs.some((ref) => isCalled(ref, backend))
}

function namesIn({ backendRefs = [] }: Rule): string[] {
  return backendRefs.map(({ name }) => name)
}

function weightOf(ref: BackendRef | undefined): number {
  return ref?.weight ?? DEFAULT_WEIGHT
}

function labelOf({ name }: Rule, at: number): string {
  return `rule ${name ?? at}`
}
