// Who is led to the new side by name: entries of a `map` in the included file, and what every worker makes of them. Until NGINX is
// seen to have read a change, the file says in a comment who was led before: so a worker that still leads them is found.
import { matches, sameJson } from '../../../workflows/json.ts'
import type { Confirmation, Elsewhere, Io, Observed, Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { fileFailure } from '../file-failure.ts'
import { overChanges, refuseOutdated, untilServed } from '../served-file.ts'
import { versionOfParts } from '../versions.ts'
import { type WholeFile, readWhole, replaceWhole } from '../whole-file.ts'
import { refuseUnserved } from './cautions.ts'
import { dump, reload } from './commands.ts'
import { type Led, ledBy } from './led.ts'
import { translating } from './look.ts'
import { type MapHere, findMap, otherFor, withMembers } from './members.ts'
import { keyIn } from './keys.ts'
import { type Nginx, place, taken } from './replace.ts'
import { WHOLE, findSplit } from './splits.ts'
import type { NginxConfig } from './schema.ts'

const TAKE_UP_MS_MAX = 1_500 // as of a split
const TAKE_UP_LOOK_MS = 25
const SETS_KEPT = 4 // that workers may still serve

interface Look {
  file: WholeFile
  map: MapHere
  inFile: Cohort
  groups: Led[]
}

export async function observeCohort(edge: Nginx, io: Io, wanted: Cohort[] = []): Promise<Observed<Cohort>> {
  const here = await look(edge, { isThorough: true }, io)
  if (wanted.length > 0) {
    const doing = `leading a cohort by ${edge.config.file}`
    for (const { users } of wanted) {
      refuseOthers(doing, here, users)
      translating(doing, () => textWith(edge, here, users))
    }
    refuseUnserved(
      await dump(edge.commands, io),
      { config: edge.config, target: COHORT, doing },
      here.file.text,
    )
  }
  const elsewhere = elsewhereOf(here, edge.config)
  return {
    value: valueOf(here),
    version: versionOf(edge, here),
    facts: { workers: here.groups.flatMap(({ workers }) => workers).length, tells: here.map.source },
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...(edge.config.cohort?.to === undefined
      ? {
          cautions: [
            'members are counted with the new side: for shares that are proven among the others alone, give them an upstream of their own (cohort.to)',
          ],
        }
      : {}),
  }
}

export async function writeCohort(edge: Nginx, write: Write<Cohort>, io: Io): Promise<void> {
  await overChanges(`leading a cohort by ${edge.config.file}`, () => writeOnce(edge, write, io))
}

/** NGINX says so; whether users are led by it is asked of the edge, by the step. */
export async function confirmCohort(edge: Nginx, desired: Cohort, io: Io): Promise<Confirmation> {
  const here = await look(edge, { isThorough: true }, io)
  const [other] = elsewhereOf(here, edge.config)
  const words = `${desired.users.length} members in ${edge.config.file}`
  const settled = other === undefined && matches(valueOf(here), desired)
  const why = other === undefined ? `NGINX leads ${valueOf(here).users.length}` : `${other.place} differs`
  return { settled, lines: settled ? [words] : [words, why] }
}

async function writeOnce(edge: Nginx, { desired, seen, before }: Write<Cohort>, io: Io): Promise<void> {
  const { config, commands } = edge
  const here = await look(edge, { isThorough: false }, io)
  const doing = `leading ${desired.users.length} members by ${config.file}`
  const all = [valueOf(here), ...elsewhereOf(here, config).map(({ value }) => value)]
  if (all.every((value) => value !== null && matches(value, desired))) return await tidy(edge, here, io)
  const [elsewhere = null] = elsewhereOf(here, config)
  const now = { value: valueOf(here), version: versionOf(edge, here), elsewhere }
  refuseOutdated({ doing, what: 'the map', seen, now })
  const isWayBack = before !== undefined && sameJson(before, desired)
  if (!isWayBack) refuseOthers(doing, here, desired.users)
  const text = translating(doing, () => textWith(edge, here, desired.users))
  refuseUnserved(await dump(commands, io), { config, target: COHORT, doing }, here.file.text)
  if (!sameJson(here.inFile, desired)) {
    const to = { ...here.file, text }
    await place(edge, { doing, from: here.file, to }, io)
    await taken(edge, { doing, from: here.file, to, isWayBack }, io)
  } else await reload(commands, io)
  await untilServed(
    (looking) => isServedAlone(edge, desired, looking),
    { withinMs: TAKE_UP_MS_MAX, everyMs: TAKE_UP_LOOK_MS },
    io,
  )
}

async function look(edge: Nginx, { isThorough }: { isThorough: boolean }, io: Io): Promise<Look> {
  const { config } = edge
  const wanted = wantedOf(config)
  const file = await readWhole(config.file, io.signal).catch((error: unknown) => {
    throw fileFailure(`reading ${config.file}`, error, io.signal)
  })
  const map = translating(`reading ${COHORT} from ${config.file}`, () => findMap(file.text, wanted))
  const inFile = cohortOf(map.users)
  const known = edge.cohorts.filter((users) => !sameJson(users, inFile.users))
  const former = map.former.length === 0 ? [] : [cohortOf(map.former).users]
  // Who was led before is in the comment; nobody was, where it is not and this worker has not seen anybody.
  const sets = [inFile.users, ...former, ...known, []]
  const others = map.others.map(({ value }) => value)
  const asked = {
    source: map.source,
    to: wanted.to,
    others,
    key: keyOfOld(file.text, config),
    sets,
    isThorough,
  }
  const groups = await ledBy(edge, asked, io)
  edge.cohorts = [...known, inFile.users].slice(-SETS_KEPT)
  return { file, map, inFile, groups }
}

/** A key that the split gives to the old side, where it gives it any: there members are told from strangers. */
function keyOfOld(text: string, { variable, old, new: fresh, file }: NginxConfig): string {
  return translating(`reading the split of ${file}`, () => {
    const { first, hundredths, key } = findSplit(text, variable, [old, fresh])
    return keyIn(key, first === old ? 0 : Math.min(hundredths, WHOLE - 1))
  })
}

/** A member of whom an entry of somebody else's says something would be led by that one, or stay led when ours is gone. */
function refuseOthers(doing: string, { map }: Look, users: string[]): void {
  const found = users.flatMap((user) => {
    const other = map.users.includes(user) ? undefined : otherFor(map, user)
    return other === undefined ? [] : [`${user} (${other.name} ${other.value})`]
  })
  if (found.length > 0)
    throw failure('Rejected', `${doing}: the map says something of ${found.join(', ')} already`)
}

function valueOf({ groups, inFile }: Look): Cohort {
  const users = groups[0]?.users
  return users === null || users === undefined ? inFile : { users }
}

function elsewhereOf(here: Look, config: NginxConfig): Elsewhere[] {
  const { groups, inFile } = here
  const value = valueOf(here)
  return [
    ...groups
      .filter(({ users }) => users === null || !sameJson(users, value.users))
      .map(({ workers, users }) => ({
        place: `worker ${workers.join(', ')} of NGINX`,
        value: users === null ? null : { users },
      })),
    ...(sameJson(inFile, value) ? [] : [{ place: `file ${config.file}`, value: inFile }]),
  ]
}

function versionOf({ config }: Nginx, here: Look): string {
  const { file, map, inFile, groups } = here
  const beside = withMembers(file.text, map, { users: [], former: [], wanted: wantedOf(config) })
  const own = { inFile, served: groups.map(({ users }) => users) }
  return versionOfParts({ identity: file.identity ?? 'none', own, beside })
}

/** With whoever is led now in its comment, until NGINX is seen to have read it. */
function textWith({ config }: Nginx, { file, map, groups }: Look, users: string[]): string {
  const led = [...map.users, ...map.former, ...groups.flatMap((group) => group.users ?? [])]
  const former = cohortOf(led.filter((user) => !users.includes(user))).users
  return withMembers(file.text, map, { users, former, wanted: wantedOf(config) })
}

/** Whoever writes beside it meanwhile is let through: then the comment stays until the next write. */
async function isServedAlone(edge: Nginx, desired: Cohort, io: Io): Promise<boolean> {
  if (!isServed(await look(edge, { isThorough: false }, io), desired)) return false
  const here = await look(edge, { isThorough: true }, io)
  if (!isServed(here, desired)) return false
  await tidy(edge, here, io)
  return true
}

function isServed({ groups, inFile }: Look, desired: Cohort): boolean {
  return (
    sameJson(inFile, desired) && groups.every(({ users }) => users !== null && sameJson(users, desired.users))
  )
}

/** Takes the comment away: a comment needs no reload. */
async function tidy({ config }: Nginx, { file, map }: Look, io: Io): Promise<void> {
  if (map.former.length === 0) return
  io.signal.throwIfAborted()
  const text = withMembers(file.text, map, { users: map.users, former: [], wanted: wantedOf(config) })
  await replaceWhole(config.file, { from: file.text, to: { ...file, text } })
}

function wantedOf({ cohort, variable, new: fresh, file }: NginxConfig) {
  if (cohort !== undefined) return { variable: cohort.variable, pool: variable, to: cohort.to ?? fresh }
  throw failure(
    'Unsupported',
    `traffic/nginx cannot change ${COHORT}: the connection names no map of ${file} (cohort: { variable: $orders_to })`,
  )
}
