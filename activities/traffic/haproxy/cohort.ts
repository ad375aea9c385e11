// Who is led to the new side by name: entries `USER new` of a map that the configuration of HAProxy asks. Entries with other values
// are somebody else's and stay.
import { sameJson } from '../../../workflows/json.ts'
import type {
  Confirmation,
  ConfirmRequest,
  Elsewhere,
  Io,
  Observed,
  Write,
} from '../../../workflows/ports/target.ts'
import { placeWords } from '../../../workflows/ports/as-wanted.ts'
import { type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type Cli, HaproxyGone, HaproxyRefusal } from './client.ts'
import type { Edge } from './look.ts'
import { type MapEntry, inForce, readMap, replaceMap } from './maps.ts'
import { entriesOf, keepEntries } from './map-file.ts'
import { fileRefused, refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import { type Workers, workersOf } from './workers.ts'

const LED = 'new'

type CohortConfig = NonNullable<HaproxyConfig['cohort']>

/** A worker of before a reload goes on asking its own map, for whoever comes on a connection that was kept open. */
interface LeavingMap {
  pid: string
  cli: Cli
  entries: MapEntry[]
}

export async function observeCohort(edge: Edge, io: Io, wanted: Cohort[] = []): Promise<Observed<Cohort>> {
  const of = configOf(edge)
  const workers = await workersOf(edge.config, io)
  const now = await entries(edge, workers.present, io)
  const inFile = of.file === undefined ? null : await fileOf(of.file, io)
  for (const { users } of wanted) {
    refuseOthers(edge, of.map, { all: now, users })
    refuseOthers(edge, `map file ${of.file}`, { all: inFile?.entries ?? [], users })
  }
  const value = ledBy(now)
  const places = [
    ...(inFile === null ? [] : [inFile.place]),
    ...(await leavingMaps(edge, workers, io)).map(({ pid, entries: theirs }) => ({
      place: `map of worker ${pid} of before a reload`,
      value: ledBy(theirs),
    })),
  ]
  const elsewhere = places.filter((place) => !sameJson(place.value, value))
  const caution = `a reload of HAProxy forgets members that are set at run time: name the file of ${of.map} as the worker reaches it (cohort.file)`
  return {
    value,
    ...(of.file === undefined ? { cautions: [caution] } : {}),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

export async function writeCohort(edge: Edge, write: Write<Cohort>, io: Io): Promise<void> {
  const { desired, seen, before } = write
  const of = configOf(edge)
  const { users } = desired
  const workers = await workersOf(edge.config, io)
  const now = await entries(edge, workers.present, io)
  const found = ledBy(now)
  const isWayBack = before !== undefined && sameJson(before, desired)
  // On the way back users come first: what the file has against them is said afterwards.
  const held = of.file === undefined || isWayBack ? null : (await fileOf(of.file, io)).entries
  refuseOthers(edge, `map file ${of.file}`, { all: held ?? [], users })
  if (!sameJson(found, desired)) {
    refuseForeign(edge, of, { found, seen: seen.value })
    refuseOthers(edge, of.map, { all: now, users })
    await lead(edge, { cli: workers.present, from: now, users }, io)
  }
  for (const { cli, entries: theirs } of await leavingMaps(edge, workers, io))
    if (!sameJson(ledBy(theirs), desired))
      await lead(edge, { cli, from: theirs, users }, io).catch(forgivingWhoHasGone(io))
  if (of.file === undefined) return
  await keepEntries(of.file, { keys: users, value: LED }, io.signal).catch((error: unknown) => {
    throw fileRefused(`${of.map} leads its members, but saving them in ${of.file}`, error, io.signal)
  })
}

async function lead(
  edge: Edge,
  { cli, from, users }: { cli: Cli; from: MapEntry[]; users: string[] },
  io: Io,
): Promise<void> {
  const { map } = configOf(edge)
  const doing = `leading ${users.length} members by ${map} at ${edge.config.socket}`
  const led = ledBy(from).users
  const kept = from.filter(({ key, value }) => value !== LED || !led.includes(key))
  const all = [...kept, ...users.map((key) => ({ key, value: LED }))]
  const isReplaced = await replaceMap(cli, { map, entries: all, from }, io.signal).catch((error: unknown) => {
    throw refused({ doing, writes: true }, error, io.signal)
  })
  if (!isReplaced)
    throw failure('Conflict', `${doing}: somebody else has changed the map meanwhile; nothing was changed`)
}

/** The map says so; whether users are led by it is asked of the edge, by the step. */
export async function confirmCohort(
  edge: Edge,
  { desired }: ConfirmRequest<Cohort>,
  io: Io,
): Promise<Confirmation> {
  const { value, elsewhere = [] } = await observeCohort(edge, io)
  const words = `${value.users.length} members in ${configOf(edge).map}`
  const others = elsewhere.map((other) => placeWords(other, JSON.stringify(other.value)))
  return { settled: sameJson(value, desired) && others.length === 0, lines: [words, ...others] }
}

function configOf({ config }: Edge): CohortConfig {
  if (config.cohort !== undefined) return config.cohort
  throw failure(
    'Unsupported',
    `leading a cohort at ${config.socket}: the connection names no map (cohort: { map: /etc/haproxy/cohort.map })`,
  )
}

async function entries(edge: Edge, cli: Cli, io: Io): Promise<MapEntry[]> {
  const { config } = edge
  const { map } = configOf(edge)
  const doing = `reading map ${map} at ${config.socket}`
  const found = await readMap(cli, map, io.signal).catch((error: unknown) => {
    throw refused({ doing, writes: false }, error, io.signal)
  })
  if (found !== null) return found
  throw failure('Missing', `${doing}: HAProxy has no such map; \`show map\` lists those it has loaded`)
}

/** Of those that have it and have not gone meanwhile. */
async function leavingMaps(edge: Edge, { leaving }: Workers, io: Io): Promise<LeavingMap[]> {
  const { map } = configOf(edge)
  const looks = leaving.map(async ({ pid, cli }): Promise<LeavingMap[]> => {
    try {
      const found = await readMap(cli, map, io.signal)
      return found === null ? [] : [{ pid, cli, entries: found }]
    } catch (error) {
      const isGone = error instanceof HaproxyGone || error instanceof HaproxyRefusal
      if (isGone && !io.signal.aborted) return []
      throw refused({ doing: `reading map ${map} of worker ${pid}`, writes: false }, error, io.signal)
    }
  })
  return (await Promise.all(looks)).flat()
}

/** A worker that ends while it is told leads nobody any more; the next look tells of one that does. */
function forgivingWhoHasGone({ signal }: Io): (error: unknown) => void {
  return (error) => {
    if (signal.aborted) throw error
  }
}

function ledBy(all: MapEntry[]): Cohort {
  return cohortOf(
    inForce(all)
      .filter(({ value }) => value === LED)
      .map(({ key }) => key),
  )
}

type FileLook = { place: Elsewhere; entries: MapEntry[] | null }

async function fileOf(path: string, { signal }: Io): Promise<FileLook> {
  try {
    const all = await entriesOf(path, signal)
    return { place: { place: `map file ${path}`, value: ledBy(all) }, entries: all }
  } catch (error) {
    if (signal.aborted) throw error
    const place = `map file ${path}, which cannot be read: ${(error as Error).message}`
    return { place: { place, value: null, isUntold: true }, entries: null }
  }
}

/** One key has one value. `place`: the map, or its file. */
function refuseOthers(
  { config }: Edge,
  place: string,
  { all, users }: { all: MapEntry[]; users: string[] },
): void {
  const others = inForce(all).filter(({ key, value }) => value !== LED && users.includes(key))
  if (others.length === 0) return
  const words = others.map(({ key, value }) => `${key} (${value})`).join(', ')
  throw failure(
    'Rejected',
    `leading ${users.length} members by ${place} at ${config.socket}: it says something else of ${words}`,
  )
}

function refuseForeign(
  { config }: Edge,
  { map }: CohortConfig,
  { found, seen }: { found: Cohort; seen: Cohort },
): void {
  if (sameJson(found, seen)) return
  throw failure(
    'Conflict',
    `map ${map} at ${config.socket} was changed by someone else: expected ${JSON.stringify(seen)}, found ${JSON.stringify(found)}`,
    { details: { found, writer: null } },
  )
}
