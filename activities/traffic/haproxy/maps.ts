// Maps on HAProxy's runtime socket: read whole, and replaced whole in one moment (a version that is prepared, filled and committed).
// https://docs.haproxy.org/2.6/management.html#9.3 ("prepare map", "add map", "commit map"); answers as 2.6 gives them.
import { HaproxyGone, HaproxyRefusal, ask, firstLine } from './client.ts'

export interface MapEntry {
  key: string
  value: string
}

const LINE_BYTES_MAX = 8_000 // half of the buffer in which HAProxy takes a line (`tune.bufsize`)
const LISTED = /^(\d+) \((.*)\) .*entry_cnt=(\d+)/

/** Null: HAProxy has no map of that name. */
export async function readMap(address: string, map: string, signal: AbortSignal): Promise<MapEntry[] | null> {
  const list = await ask(address, 'show map', signal)
  if (!list.startsWith('#')) throw list.trim() === '' ? gone() : new HaproxyRefusal(firstLine(list))
  const count = list.split('\n').flatMap((line) => {
    const [, , file, entries] = LISTED.exec(line) ?? []
    return file === map ? [Number(entries)] : []
  })[0]
  if (count === undefined) return null
  const reply = await ask(address, `show map ${map}`, signal)
  if (reply === '') throw gone()
  const entries = reply.split('\n').flatMap((line) => {
    const [, key, value] = /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [{ key, value }]
  })
  // Another hand at the same moment, or words that are no entries: half of a cohort must not pass for all of it.
  if (entries.length !== count) throw new HaproxyGone(`it lists ${count} entries and shows ${entries.length}`)
  return entries
}

/** All entries change in one moment; until then requests see the old ones. */
export async function replaceMap(
  address: string,
  { map, entries }: { map: string; entries: MapEntry[] },
  signal: AbortSignal,
): Promise<void> {
  const prepared = await ask(address, `prepare map ${map}`, signal)
  const version = /^New version created: (\d+)/.exec(prepared)?.[1]
  if (version === undefined) throw prepared.trim() === '' ? gone() : new HaproxyRefusal(firstLine(prepared))
  for (const line of lines(entries.map(({ key, value }) => `add map @${version} ${map} ${key} ${value}`)))
    await silent(address, line, signal)
  await silent(address, `commit map @${version} ${map}`, signal)
}

async function silent(address: string, line: string, signal: AbortSignal): Promise<void> {
  const reply = await ask(address, line, signal)
  if (reply.trim() !== '') throw new HaproxyRefusal(firstLine(reply))
  if (reply === '') throw gone()
}

/** As few lines as fit. */
function lines(commands: string[]): string[] {
  const all: string[] = []
  for (const command of commands) {
    const last = all.at(-1)
    if (last === undefined || last.length + command.length + 2 > LINE_BYTES_MAX) all.push(command)
    else all[all.length - 1] = `${last}; ${command}`
  }
  return all
}

function gone(): HaproxyGone {
  return new HaproxyGone('the connection was closed without an answer')
}
