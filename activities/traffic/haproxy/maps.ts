// Maps on HAProxy's runtime socket: read whole, and replaced whole in one moment (a version that is prepared, filled and committed).
// https://docs.haproxy.org/2.6/management.html#9.3 ("prepare map", "add map", "commit map"); answers as 2.6 gives them.
import { type Cli, HaproxyGone, HaproxyRefusal, ask, firstLine } from './client.ts'

export interface MapEntry {
  key: string
  value: string
}

const LINE_BYTES_MAX = 8_000 // half of the buffer in which HAProxy takes a line (`tune.bufsize`)
const SEPARATED_BYTES = 16 // `; `, and before a master the name of the worker
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

/** All entries change in one moment; until then requests see the old ones. */
export async function replaceMap(
  cli: Cli,
  { map, entries }: { map: string; entries: MapEntry[] },
  signal: AbortSignal,
): Promise<void> {
  const prepared = await ask(cli, `prepare map ${map}`, signal)
  const version = /^New version created: (\d+)/.exec(prepared)?.[1]
  if (version === undefined) throw prepared.trim() === '' ? gone() : new HaproxyRefusal(firstLine(prepared))
  for (const commands of lines(entries.map(({ key, value }) => `add map @${version} ${map} ${key} ${value}`)))
    await silent(cli, commands, signal)
  await silent(cli, `commit map @${version} ${map}`, signal)
}

async function silent(cli: Cli, command: string | string[], signal: AbortSignal): Promise<void> {
  const reply = await ask(cli, command, signal)
  if (reply.trim() !== '') throw new HaproxyRefusal(firstLine(reply))
  if (reply === '') throw gone()
}

/** As few lines as fit. */
function lines(commands: string[]): string[][] {
  const all: string[][] = []
  let bytes = 0
  for (const command of commands) {
    const own = command.length + SEPARATED_BYTES
    if (all.length === 0 || bytes + own > LINE_BYTES_MAX) {
      all.push([])
      bytes = 0
    }
    all.at(-1)?.push(command)
    bytes += own
  }
  return all
}

function gone(): HaproxyGone {
  return new HaproxyGone('the connection was closed without an answer')
}
