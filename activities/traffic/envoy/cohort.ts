// The routes that lead a cohort: copies of the one that is moved, right before it, with the sign of a member in the match and the
// new side alone behind it. Envoy takes the first route that fits. Pure; field names in either spelling.
import { type JsonObject, canonicalJson } from '../../../workflows/json.ts'
import { type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import { type ToldBy, wordsOf } from '../told-by.ts'
import { type RouteChoice, type RouteHere, UnfitRoute, field, isObject, keyOf, objects } from './routes.ts'
import { cohortName, cohortTo } from './cohort-name.ts'

const ALL = 100 // of the requests of members

export function readCohort(here: RouteHere, choice: RouteChoice): Cohort {
  const by = choice.cohort ?? {}
  return cohortOf(oursIn(here, choice).flatMap((route) => userIn(route, by) ?? []))
}

/** Puts the routes of these users in place of those that are there. Raises UnfitRoute. */
export function editCohort(here: RouteHere, { users }: Cohort, choice: RouteChoice): void {
  const { host, route } = here
  if (users.length > 0) refuseTold(here, choice)
  const kept = objects(host['routes']).filter((each) => each['name'] !== cohortName(choice))
  const copies = copiesOf(here, users, choice)
  host['routes'] = kept.flatMap((each) => (each === route ? [...copies, each] : [each]))
}

/** What is ours and not as it is written: somebody has changed it, so that it leads others, or elsewhere, or nobody. */
export function strangeIn(here: RouteHere, choice: RouteChoice): string | null {
  const ours = oursIn(here, choice)
  if (ours.length === 0) return null
  const wanted = copiesOf(here, readCohort(here, choice).users, choice).map((each) => canonicalJson(each))
  const isAsWritten =
    canonicalJson(ours.map((each) => canonicalJson(each)).sort()) === canonicalJson(wanted.sort())
  const all = objects(here.host['routes'])
  const isBefore = ours.every((each) => all.indexOf(each) < all.indexOf(here.route))
  if (isAsWritten && isBefore) return null
  return `routes ${cohortName(choice)} of ${here.name}, which are not as they were written`
}

/** Not at a look, nor on the way back: somebody may have written it meanwhile. */
function refuseTold({ route, name }: RouteHere, { cohort: by = {} }: RouteChoice): void {
  const match = isObject(route['match']) ? route['match'] : {}
  const there = objects(match[listOf(by)]).map((each) => String(each['name']).toLowerCase())
  if (!there.includes(signName(by).toLowerCase())) return
  throw new UnfitRoute('Config', `${name} matches by ${wordsOf(by)} itself: nobody can be told by it there`)
}

function oursIn({ host }: RouteHere, choice: RouteChoice): JsonObject[] {
  return objects(host['routes']).filter(({ name }) => name === cohortName(choice))
}

function copiesOf({ route, action }: RouteHere, users: string[], choice: RouteChoice): JsonObject[] {
  const by = choice.cohort ?? {}
  return users.map((user) => {
    const copy = structuredClone(route)
    const match = isObject(copy['match']) ? copy['match'] : {}
    match[listOf(by)] = [...objects(match[listOf(by)]), matcherOf(user, by)]
    return { ...copy, name: cohortName(choice), match, route: actionFor(structuredClone(action), choice) }
  })
}

/** All that the action says, but for its clusters and its mirror. */
function actionFor(action: JsonObject, choice: RouteChoice): JsonObject {
  const weighted = field(action, 'weighted_clusters')
  const clusters = isObject(weighted) ? objects(weighted['clusters']) : []
  const own = clusters.find(({ name }) => name === choice.new) ?? {}
  const mirrors = keyOf(action, 'request_mirror_policies')
  const kept = objects(action[mirrors]).filter(({ cluster }) => cluster !== choice.shadow)
  delete action['cluster']
  delete action[mirrors]
  delete action[keyOf(action, 'weighted_clusters')]
  return {
    ...action,
    ...(kept.length > 0 && { [mirrors]: kept }),
    [Object.hasOwn(action, 'weightedClusters') ? 'weightedClusters' : 'weighted_clusters']: {
      clusters: [{ ...own, name: cohortTo(choice), weight: ALL }],
    },
  }
}

/** Values are compared as they are: an expression of more than a few members is refused by a stock Envoy (RE2 program size of 100). */
function matcherOf(user: string, by: ToldBy): JsonObject {
  return { name: signName(by), string_match: { exact: user } }
}

function userIn(route: JsonObject, by: ToldBy): string | null {
  const match = isObject(route['match']) ? route['match'] : {}
  const found = objects(match[listOf(by)]).find(({ name }) => name === signName(by))
  const string = found === undefined ? undefined : field(found, 'string_match')
  return string !== undefined && isObject(string) && typeof string['exact'] === 'string'
    ? string['exact']
    : null
}

/** The field of a match that tells members. */
function listOf({ header }: ToldBy): 'headers' | 'cookies' {
  return header === undefined ? 'cookies' : 'headers'
}

function signName({ header, cookie = '' }: ToldBy): string {
  return header === undefined ? cookie : header.toLowerCase()
}
