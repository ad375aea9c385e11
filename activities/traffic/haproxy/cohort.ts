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
import { type Cohort, cohortOf } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Cli } from './client.ts'
import type { Edge } from './look.ts'
import { type MapEntry, readMap, replaceMap } from './maps.ts'
import { entriesOf, keepEntries } from './map-file.ts'
import { fileRefused, refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import { workersOf } from './workers.ts'

const LED = 'new'

type CohortConfig = NonNullable<HaproxyConfig['cohort']>

export async function observeCohort(edge: Edge, io: Io, wanted: Cohort[] = []): Promise<Observed<Cohort>> {
  const of = configOf(edge)
  const now = await entries(edge, (await workersOf(edge.config, io)).present, io)
  for (const { users } of wanted) refuseOthers(edge, of, { now, users })
  const value = ledBy(now)
  if (of.file === undefined) {
    const caution = `a reload of HAProxy forgets members that are set at run time: name the file of ${of.map} as the worker reaches it (cohort.file)`
    return { value, cautions: [caution] }
  }
  const held = await inFile(of.file, io)
  return { value, ...(sameJson(held.value, value) ? {} : { elsewhere: [held] }) }
}

export async function writeCohort(edge: Edge, { desired, seen }: Write<Cohort>, io: Io): Promise<void> {
  const of = configOf(edge)
  const { users } = desired
  const cli = (await workersOf(edge.config, io)).present
  const now = await entries(edge, cli, io)
  const found = ledBy(now)
  if (!sameJson(found, desired)) {
    refuseForeign(edge, of, { found, seen: seen.value })
    refuseOthers(edge, of, { now, users })
    const kept = now.filter(({ value }) => value !== LED)
    const all = [...kept, ...users.map((key) => ({ key, value: LED }))]
    await replaceMap(cli, { map: of.map, entries: all }, io.signal).catch((error: unknown) => {
      const doing = `leading ${users.length} members by ${of.map} at ${edge.config.socket}`
      throw refused({ doing, writes: true }, error, io.signal)
    })
  }
  if (of.file === undefined) return
  await keepEntries(of.file, { keys: users, value: LED }, io.signal).catch((error: unknown) => {
    throw fileRefused(`${of.map} leads its members, but saving them in ${of.file}`, error, io.signal)
  })
}

/** The map says so; whether users are led by it is asked of the edge, by the step. */
export async function confirmCohort(
  edge: Edge,
  { desired }: ConfirmRequest<Cohort>,
  io: Io,
): Promise<Confirmation> {
  const { value } = await observeCohort(edge, io)
  const words = `${value.users.length} members in ${configOf(edge).map}`
  return { settled: sameJson(value, desired), lines: [words] }
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

function ledBy(all: MapEntry[]): Cohort {
  return cohortOf(all.filter(({ value }) => value === LED).map(({ key }) => key))
}

async function inFile(path: string, { signal }: Io): Promise<Elsewhere> {
  try {
    return { place: `map file ${path}`, value: ledBy(await entriesOf(path, signal)) }
  } catch (error) {
    if (signal.aborted) throw error
    const place = `map file ${path}, which cannot be read: ${(error as Error).message}`
    return { place, value: null, isUntold: true }
  }
}

/** One key has one value. */
function refuseOthers(
  { config }: Edge,
  { map }: CohortConfig,
  { now, users }: { now: MapEntry[]; users: string[] },
): void {
  const others = now.filter(({ key, value }) => value !== LED && users.includes(key))
  if (others.length === 0) return
  const words = others.map(({ key, value }) => `${key} (${value})`).join(', ')
  throw failure(
    'Rejected',
    `leading ${users.length} members by ${map} at ${config.socket}: it says something else of ${words}`,
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
