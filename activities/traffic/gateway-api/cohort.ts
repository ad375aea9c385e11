// The rules that lead a cohort: copies of those that are moved, with the sign of the members in every match and the new side alone
// behind them. A match with one header more goes before the one without, wherever it stands; behind all others it takes nothing from
// them and moves no place. https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (v1.6, precedence). Pure.
import { type Json, canonicalJson } from '../../../workflows/json.ts'
import { type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import type { RuleHere } from '../rules.ts'
import { type Sign, headerOf, kindFor, signsOf, usersOf, wordsOf } from '../told-by.ts'
import { nameOf } from './backend.ts'
import type { BackendRef, HeaderMatch, HttpRoute, Match, Rule } from './http-route.ts'
import { isMirrorTo } from './mirror-filter.ts'
import { type Config, refuse } from './place.ts'

const RULES_MAX = 16 // of the definition, with the two below
const MATCHES_OF_RULE_MAX = 64
const MATCHES_MAX = 127
const TYPES = { exact: 'Exact', expression: 'RegularExpression' } as const

export interface CohortHere {
  value: Cohort
  /** Rules of ours that somebody has changed, so that they lead others, or elsewhere. */
  others: { label: string; value: Json }[]
  cautions: string[]
}

/** Rules of this name are ours: where users of one cohort are led to, and which of several. */
export function isOurs({ name }: Rule, config: Config): boolean {
  if (config.cohort === undefined || name === undefined) return false
  const [prefix, count = ''] = [prefixOf(config), name.slice(prefixOf(config).length)]
  return name.startsWith(prefix) && /^\d+$/.test(count)
}

export function cohortIn(route: HttpRoute, rules: RuleHere[], config: Config): CohortHere {
  const ours = (route.spec.rules ?? []).filter((rule) => isOurs(rule, config))
  const signs = ours.flatMap((rule) => (rule.matches ?? []).map((match) => signIn(match, config)))
  const value = cohortOf(
    signs.flatMap((sign) => (sign === null ? [] : (usersOf(config.cohort ?? {}, sign) ?? []))),
  )
  const wanted = rulesFor(route, { rules, value, config })
  const strange = ours.filter((rule) => {
    const like = wanted.find(({ name }) => name === rule.name)
    return like === undefined || leads(rule) !== leads(like)
  })
  const missing = wanted.filter(({ name }) => !ours.some((rule) => rule.name === name))
  const others = [...strange, ...missing].map(({ name }) => ({
    label: `rule ${name}, which is not as it was written,`,
    value: null,
  }))
  const outdated = ours.filter((rule) => {
    const like = wanted.find(({ name }) => name === rule.name)
    return like !== undefined && canonicalJson(rest(rule)) !== canonicalJson(rest(like))
  })
  return { value, others, cautions: cautionsOf(route, { outdated, config }) }
}

/** Raises Rejected for more members than a route can hold, and Config for rules that tell users by the same header. */
export function cohortPatch(
  route: HttpRoute,
  { rules, desired, config }: { rules: RuleHere[]; desired: Cohort; config: Config },
): PatchOperation[] {
  const all = route.spec.rules ?? []
  if (desired.users.length > 0) refuseTold(route, rules, config)
  const wanted = rulesFor(route, { rules, value: desired, config })
  const kept = all.filter((rule) => !isOurs(rule, config))
  refuseTooMany([...kept, ...wanted], { users: desired.users.length, config })
  const places = all.flatMap((rule, at) => (isOurs(rule, config) ? [at] : [])).toReversed()
  return [
    ...places.flatMap((at): PatchOperation[] => [
      { op: 'test', path: `/spec/rules/${at}/name`, value: all[at]?.name ?? '' },
      { op: 'remove', path: `/spec/rules/${at}` },
    ]),
    ...wanted.map((value): PatchOperation => ({ op: 'add', path: '/spec/rules/-', value })),
  ]
}

function rulesFor(
  route: HttpRoute,
  { rules, value: { users }, config }: { rules: RuleHere[]; value: Cohort; config: Config },
): Rule[] {
  const by = config.cohort ?? {}
  const signs = signsOf(by, users, config.cohort?.match === 'expression' ? 'expression' : kindFor(by))
  const copies = rules.flatMap(({ at, refs }) => {
    const { name: _name, ...rule } = route.spec.rules?.[at] ?? {}
    const matches = signs.flatMap((sign) =>
      (rule.matches ?? [{}]).map((match) => withSign(match, sign, config)),
    )
    const filters = (rule.filters ?? []).filter((filter) => !isMirrorTo(filter, config.shadow))
    const { filters: _filters, ...same } = rule
    const to = backendOf(rule.backendRefs?.[refs.new], config)
    return chunksOf(matches).map((each): Rule => ({
      ...same,
      ...(filters.length > 0 && { filters }),
      matches: each,
      backendRefs: [to],
    }))
  })
  return copies.map((rule, at) => ({ name: `${prefixOf(config)}${at + 1}`, ...rule }))
}

function withSign(match: Match, sign: Sign, config: Config): Match {
  const name = headerOf(config.cohort ?? {})
  const { headers = [] } = match
  const ours: HeaderMatch = { type: TYPES[sign.kind], name, value: sign.value }
  return { ...match, headers: [...headers, ours] }
}

function signIn({ headers = [] }: Match, config: Config): Sign | null {
  const name = headerOf(config.cohort ?? {})
  const found = headers.find((each) => each.name.toLowerCase() === name)
  if (found === undefined) return null
  return { kind: found.type === TYPES.expression ? 'expression' : 'exact', value: found.value }
}

function backendOf(fresh: BackendRef | undefined, config: Config): BackendRef {
  const [name = '', port] = (config.cohort?.to ?? config.new).split(':')
  const { weight: _weight, ...ref } = fresh ?? { name }
  return { ...ref, name, ...(port !== undefined && { port: Number(port) }), weight: 1 }
}

/** Whom a rule leads, and where: in any order. */
function leads({ matches = [], backendRefs = [] }: Rule): string {
  return canonicalJson([matches.map((each) => canonicalJson(each)).sort(), backendRefs])
}

/** All else that it says. */
function rest({ matches: _matches, backendRefs: _refs, filters = [], ...rule }: Rule): Json {
  return { ...rule, filters }
}

function chunksOf(matches: Match[]): Match[][] {
  const count = Math.ceil(matches.length / MATCHES_OF_RULE_MAX)
  return Array.from({ length: count }, (_, at) =>
    matches.slice(at * MATCHES_OF_RULE_MAX, (at + 1) * MATCHES_OF_RULE_MAX),
  )
}

/** Not at a look, nor on the way back: somebody may have written it meanwhile. */
function refuseTold(route: HttpRoute, rules: RuleHere[], config: Config): void {
  const name = headerOf(config.cohort ?? {})
  for (const { at, label } of rules) {
    const headers = (route.spec.rules?.[at]?.matches ?? []).flatMap((match) => match.headers ?? [])
    if (!headers.some((each) => each.name.toLowerCase() === name)) continue
    const why = `${label} matches by the header ${name} itself: nobody can be told by it there`
    throw refuse('Config', config, why)
  }
}

function refuseTooMany(all: Rule[], { users, config }: { users: number; config: Config }): void {
  const matches = all.reduce((sum, rule) => sum + (rule.matches?.length ?? 1), 0)
  if (all.length <= RULES_MAX && matches <= MATCHES_MAX) return
  const isExact = config.cohort?.header !== undefined && config.cohort.match !== 'expression'
  const fix = isExact
    ? 'have the edge of your tenants set one header value for all of them, or write match: expression, if its controller knows expressions'
    : 'lead fewer of them'
  throw refuse(
    'Rejected',
    config,
    `${users} members told by ${wordsOf(config.cohort ?? {})} would make ${all.length} rules with ${matches} matches; a route holds ${RULES_MAX} and ${MATCHES_MAX}: ${fix}`,
  )
}

function cautionsOf(route: HttpRoute, { outdated, config }: { outdated: Rule[]; config: Config }): string[] {
  const byQuery = (route.spec.rules ?? []).flatMap((rule, at) =>
    !isOurs(rule, config) && (rule.matches ?? []).some((match) => match['queryParams'] !== undefined)
      ? [rule.name ?? String(at)]
      : [],
  )
  const isByExpression = config.cohort?.cookie !== undefined || config.cohort?.match === 'expression'
  return [
    ...outdated.map(
      ({ name }) =>
        `rule ${name} says something else than the rule that it was copied from: it is made anew by the next write`,
    ),
    ...byQuery.map(
      (name) =>
        `rule ${name} matches by query: a match by header goes before it, so members may be led past it`,
    ),
    ...(isByExpression
      ? [
          'members are told by an expression: not every controller of the Gateway API knows them, and not all know the same',
        ]
      : []),
    ...(config.cohort?.to === undefined
      ? [
          'members are counted with the new side: for shares that are proven among the others alone, give them a Service of their own to the same pods (cohort.to)',
        ]
      : []),
  ]
}

function prefixOf({ cohort, new: fresh }: Config): string {
  return `cutover-cohort-${nameOf(cohort?.to ?? fresh)}-`
}
