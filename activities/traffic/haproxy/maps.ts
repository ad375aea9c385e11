// Maps on HAProxy's runtime socket: read whole, and replaced whole in one moment (a version that is prepared, filled and committed).
// Entries are sent as a payload: words of a command lose blanks, backslashes and whatever follows a semicolon, in entries of others too.
// https://docs.haproxy.org/2.6/management.html#9.3 ("prepare map", "add map", "commit map"); answers as 2.6 gives them.
import { sameJson } from '../../../workflows/json.ts'
import { type Cli, HaproxyGone, HaproxyRefusal, ask, firstLine } from './client.ts'

export type MapEntry = { key: string; value: string }

/** Of several entries of one key HAProxy goes by the first. */
export function inForce(all: MapEntry[]): MapEntry[] {
  const first = new Map<string, MapEntry>()
  for (const entry of all) if (!first.has(entry.key)) first.set(entry.key, entry)
  return [...first.values()]
}

const PAYLOAD_BYTES_MAX = 8_000 // half of the buffer in which HAProxy takes a command and its payload (`tune.bufsize`)
const LISTED = /^\d+ \((.*)\) .*curr_ver=(\d+) next_ver=(\d+) entry_cnt=(\d+)/
const PREPARED_MAX = 100 // a write that was cut leaves one, and the next commit takes all of them away

/** Null: HAProxy has no map of that name. */
export async function readMap(cli: Cli, map: string, signal: AbortSignal): Promise<MapEntry[] | null> {
  const list = await ask(cli, 'show map', signal)
  if (!list.startsWith('#')) throw list.trim() === '' ? gone() : new HaproxyRefusal(firstLine(list))
  const found = list.split('\n').flatMap((line) => {
    const [, file, ...numbers] = LISTED.exec(line) ?? []
    return file === map ? [numbers.map(Number)] : []
  })[0]
  if (found === undefined) return null
  const [current = 0, next = 0, count = 0] = found
  const entries = await shown(cli, map, signal)
  // The count is that of all versions. What was prepared and never committed stays, and nobody is led by it.
  let counted = entries.length
  for (let version = current + 1; version <= Math.min(next, current + PREPARED_MAX); version++)
    counted += (await shown(cli, `@${version} ${map}`, signal)).length
  // Another hand at the same moment, or words that are no entries: half of a cohort must not pass for all of it.
  if (counted !== count) throw new HaproxyGone(`it lists ${count} entries and shows ${counted}`)
  return entries
}

async function shown(cli: Cli, map: string, signal: AbortSignal): Promise<MapEntry[]> {
  const reply = await ask(cli, `show map ${map}`, signal)
  if (reply === '') throw gone()
  return reply.split('\n').flatMap((line) => {
    const [, key, value] = /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [{ key, value }]
  })
}

/**
 * All entries change in one moment; until then requests see the old ones. What HAProxy holds is read before it is committed: an entry
 * that it took for another one changes nothing. False: they are no longer those that the new ones were made from, and none was changed.
 */
export async function replaceMap(
  cli: Cli,
  { map, entries, from }: { map: string; entries: MapEntry[]; from: MapEntry[] },
  signal: AbortSignal,
): Promise<boolean> {
  const prepared = await ask(cli, `prepare map ${map}`, signal)
  const version = /^New version created: (\d+)/.exec(prepared)?.[1]
  if (version === undefined) throw prepared.trim() === '' ? gone() : new HaproxyRefusal(firstLine(prepared))
  for (const payload of payloads(entries))
    await silent(cli, `add map @${version} ${map} <<\n${payload}`, signal)
  const taken = await shown(cli, `@${version} ${map}`, signal)
  if (!sameJson(taken, entries)) {
    const wrong = taken.find((entry, at) => !sameJson(entry, entries[at] ?? null)) ?? entries[taken.length]
    await silent(cli, `clear map @${version} ${map}`, signal)
    throw new HaproxyRefusal(`it took ${wrong?.key} for another entry; nothing was changed`)
  }
  if (!sameJson(await shown(cli, map, signal), from)) {
    await silent(cli, `clear map @${version} ${map}`, signal)
    return false
  }
  await silent(cli, `commit map @${version} ${map}`, signal)
  return true
}

async function silent(cli: Cli, command: string, signal: AbortSignal): Promise<void> {
  const reply = await ask(cli, command, signal)
  if (reply.trim() !== '') throw new HaproxyRefusal(firstLine(reply))
  if (reply === '') throw gone()
}

/** As few as fit, each entry in a line of its own. */
function payloads(entries: MapEntry[]): string[] {
  const all: string[] = []
  for (const { key, value } of entries) {
    const line = `${key} ${value}\n`
    const last = all.at(-1)
    if (last === undefined || Buffer.byteLength(last + line) > PAYLOAD_BYTES_MAX) all.push(line)
    else all[all.length - 1] = last + line
  }
  return all
}

function gone(): HaproxyGone {
  return new HaproxyGone('the connection was closed without an answer')
}
