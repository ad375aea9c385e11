// The http routes that lead a cohort: each a copy of one that is moved, right before it, with the sign of the members in every match
// and the new side alone behind it. The first that fits is taken in a VirtualService, so those before it keep what is theirs. Pure.
import { type Json, canonicalJson } from '../../../workflows/json.ts'
import { type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import type { RuleHere } from '../rules.ts'
import { type Sign, headerOf, signsOf, usersOf } from '../told-by.ts'
import { type Destination, nameOf, storedOf } from './destination.ts'
import { withoutMirrorTo } from './mirror.ts'
import { type Config, refuse } from './place.ts'
import type { HeaderMatch, HttpMatch, HttpRule, VirtualService } from './virtual-service.ts'

export interface CohortHere {
  value: Cohort
  /** Routes of ours that somebody has changed, so that they lead others, or elsewhere. */
  others: { label: string; value: Json }[]
  cautions: string[]
}

/** Where members are led. */
export function cohortTo({ cohort, new: fresh }: Pick<Config, 'cohort' | 'new'>): Destination {
  return cohort?.to ?? fresh
}

/** Routes of this name are ours: where users of one cohort are led to, and which of several. */
export function isOurs(name: string | undefined, config: Config): boolean {
  if (config.cohort === undefined || name === undefined) return false
  const prefix = prefixOf(config)
  return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))
}

export function cohortIn(service: VirtualService, rules: RuleHere[], config: Config): CohortHere {
  const all = service.spec.http ?? []
  const ours = all.filter(({ name }) => isOurs(name, config))
  const value = ledBy(
    ours.flatMap(({ match = [] }) => match.map(({ headers = {} }) => headers[headerOf(config.cohort ?? {})])),
    config,
  )
  const wanted = routesFor(service, { rules, value, config })
  const strange = ours.filter((rule) => !wanted.some((like) => leads(like.rule) === leads(rule)))
  const missing = wanted.filter(({ rule: { name } }) => !ours.some((rule) => rule.name === name))
  const others = [...strange, ...missing.map(({ rule }) => rule)].map(({ name }) => ({
    label: `http route ${name}, which is not as it was written,`,
    value: null,
  }))
  const late = wanted.filter(({ rule: { name }, at }) => all.findIndex((rule) => rule.name === name) > at)
  const outdated = ours.filter((rule) => {
    const like = wanted.find((each) => each.rule.name === rule.name)?.rule
    return like !== undefined && canonicalJson(rest(rule)) !== canonicalJson(rest(like))
  })
  const cautions = [
    ...outdated.map(
      ({ name }) =>
        `http route ${name} says something else than the one that it was copied from: it is made anew by the next write`,
    ),
    ...late.map(
      ({ rule: { name } }) =>
        `http route ${name} stands behind the one that it was copied from and leads nobody`,
    ),
    ...(config.cohort?.to === undefined
      ? [
          'members are counted with the new side: for shares that are proven among the others alone, give them a Service of their own to the same pods (cohort.to)',
        ]
      : []),
  ]
  return { value, others, cautions }
}

/** Raises Config for routes that tell users by the same header. */
export function cohortPatch(
  service: VirtualService,
  { rules, desired, config }: { rules: RuleHere[]; desired: Cohort; config: Config },
): PatchOperation[] {
  const all = service.spec.http ?? []
  const places = all.flatMap(({ name }, at) => (isOurs(name, config) ? [at] : [])).toReversed()
  if (desired.users.length > 0) refuseTold(service, rules, config)
  const wanted = routesFor(service, { rules, value: desired, config })
  return [
    ...places.flatMap((at): PatchOperation[] => [
      { op: 'test', path: `/spec/http/${at}/name`, value: all[at]?.name ?? '' },
      { op: 'remove', path: `/spec/http/${at}` },
    ]),
    // From the last: those before it are where they were.
    ...wanted.toReversed().map(({ rule, at }): PatchOperation => {
      const before = places.filter((each) => each < at).length
      return { op: 'add', path: `/spec/http/${at - before}`, value: rule }
    }),
  ]
}

/** Whom these matches lead, in the form of a VirtualService. */
export function ledBy(matches: (HeaderMatch | undefined)[], config: Config): Cohort {
  return cohortOf(
    matches.flatMap((match) => {
      const sign = signIn(match)
      return sign === null ? [] : (usersOf(config.cohort ?? {}, sign) ?? [])
    }),
  )
}

type Copy = { rule: HttpRule; at: number }

/** `at`: the place of the route that it is a copy of, in their order. */
function routesFor(
  service: VirtualService,
  { rules, value: { users }, config }: { rules: RuleHere[]; value: Cohort; config: Config },
): Copy[] {
  if (users.length === 0) return []
  const by = config.cohort ?? {}
  const signs = signsOf(by, users)
  const inOrder = rules.toSorted((one, other) => one.at - other.at)
  return inOrder.map(({ at, refs }, place) => {
    const { name: _name, match = [{}], route = [], ...rule } = service.spec.http?.[at] ?? {}
    const { mirrors = [], ...same } = withoutMirrorTo(structuredClone(rule), config)
    const { weight: _weight, ...to } = route[refs.new] ?? { destination: storedOf(config.new) }
    const destination = config.cohort?.to === undefined ? to.destination : storedOf(config.cohort.to)
    return {
      at,
      rule: {
        name: `${prefixOf(config)}${place + 1}`,
        ...same,
        ...(mirrors.length > 0 && { mirrors }),
        match: signs.flatMap((sign) => match.map((each) => withSign(each, sign, config))),
        route: [{ ...to, destination }],
      },
    }
  })
}

/** Not at a look, nor on the way back: somebody may have written it meanwhile. */
function refuseTold(service: VirtualService, rules: RuleHere[], config: Config): void {
  const header = headerOf(config.cohort ?? {})
  for (const { at, label } of rules) {
    const names = (service.spec.http?.[at]?.match ?? []).flatMap(({ headers = {} }) => Object.keys(headers))
    if (!names.some((each) => each.toLowerCase() === header)) continue
    const why = `${label} matches by the header ${header} itself: nobody can be told by it there`
    throw refuse('Config', config, why)
  }
}

function withSign(match: HttpMatch, sign: Sign, config: Config): HttpMatch {
  const header = headerOf(config.cohort ?? {})
  const { name: _name, headers = {}, ...same } = match
  const ours: HeaderMatch = sign.kind === 'exact' ? { exact: sign.value } : { regex: sign.value }
  return { ...same, headers: { ...headers, [header]: ours } }
}

function signIn(match: HeaderMatch | undefined): Sign | null {
  if (match?.exact !== undefined) return { kind: 'exact', value: match.exact }
  return match?.regex === undefined ? null : { kind: 'expression', value: match.regex }
}

/** Whom a route leads, and where: in any order. */
function leads({ name = '', match = [], route = [] }: HttpRule): string {
  return canonicalJson([name, match.map((each) => canonicalJson(each)).sort(), route])
}

/** All else that it says. */
function rest({ match: _match, route: _route, mirrors = [], ...rule }: HttpRule): Json {
  return { ...rule, mirrors }
}

/** No dot: Istio puts one between the name of a route and that of a match. */
function prefixOf(config: Config): string {
  return `cutover-cohort-${nameOf(cohortTo(config)).replaceAll(/[^a-z0-9]+/g, '-')}-`
}
