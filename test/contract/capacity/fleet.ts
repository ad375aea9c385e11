// A command folder with one real executable that keeps the instances of each side in a JSON file, as an owner of a
// worker would place it; plus further scripts on demand. Everything is in one temp folder and goes with it.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../../workflows/json.ts'

export const FLEET_SECRET = 'fleettok-31d7c2' // what the executable knows and says carelessly when it fails

export interface Fleet {
  commandFolder: string
  /** Outside of the command folder. */
  folder: string
  config: JsonObject
  read(): JsonObject
  write(counts: JsonObject): void
  /** The executable hangs from now on, or no longer. */
  hang(isHanging: boolean): void
  /** Places a further shell script. */
  place(name: string, script: string, mode?: number): void
  end(): void
}

const FLEET_SCRIPT = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const [verb, file, user] = process.argv.slice(2)
const fail = (code, why) => { console.error(why + ' (token=${FLEET_SECRET})'); process.exit(code) }
if (user === 'stranger') fail(77, 'stranger may not ' + verb)
if (existsSync(file + '.hang')) { setInterval(() => {}, 1000); await new Promise(() => {}) }
const { target, desired, expected } = JSON.parse(readFileSync(0, 'utf8'))
const counts = JSON.parse(readFileSync(file, 'utf8'))
if (!(target in counts)) fail(66, 'there is no side ' + target)
if (verb === 'apply') {
  if (counts[target] !== desired.count && counts[target] !== expected.count) fail(73, 'now ' + counts[target])
  writeFileSync(file, JSON.stringify({ ...counts, [target]: desired.count }))
} else console.log(JSON.stringify({ count: counts[target], ready: Math.max(0, counts[target] - 1), writer: 'fleet' }))
`

export function makeFleet(): Fleet {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-fleet-'))
  const commandFolder = join(folder, 'commands')
  const file = join(folder, 'counts.json')
  mkdirSync(commandFolder, { mode: 0o755 })
  const place = (name: string, script: string, mode = 0o755): void => {
    writeFileSync(join(commandFolder, name), script)
    chmodSync(join(commandFolder, name), mode) // whatever the umask
  }
  writeFileSync(join(folder, 'fleet.mjs'), FLEET_SCRIPT)
  place('fleet', `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'fleet.mjs')}' "$@"\n`)
  const write = (counts: JsonObject): void => writeFileSync(file, JSON.stringify(counts))
  write({ old: 3, new: 2 })
  return {
    folder,
    commandFolder,
    config: { observe: ['fleet', 'observe', file], apply: ['fleet', 'apply', file] },
    read: () => JSON.parse(readFileSync(file, 'utf8')) as JsonObject,
    write,
    hang: (isHanging) =>
      isHanging ? writeFileSync(`${file}.hang`, '') : rmSync(`${file}.hang`, { force: true }),
    place,
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Whether a process runs, as opposed to one that waits for whoever adopted it. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
