// Remembers every process and folder the lab creates, so that the next start can end what a killed owner left.
// Never ends a process it cannot prove to be the recorded one: a process id alone may have been given to another.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const recordsRoot = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cutover', 'lab')
export const FOLDER_PREFIX = 'cutover-lab-'

type ChildRecord = { kind: 'process'; pid: number; born: string }
type FolderRecord = { kind: 'folder'; path: string }

let isSwept = false

/** Notes a child of this process; the answer forgets it again. */
export function recordProcess(pid: number): () => void {
  return record(`process-${pid}`, { kind: 'process', pid, born: birth(pid) ?? '' })
}

/** Notes a folder of this process; the answer forgets it again. */
export function recordFolder(path: string): () => void {
  return record(basename(path), { kind: 'folder', path })
}

/** Ends processes and removes folders whose owner is gone. Once per process; returns how many things it ended. */
export function sweepLeftovers(): number {
  if (isSwept) return 0
  isSwept = true
  let count = 0
  for (const owner of list(recordsRoot)) {
    const [pid, born] = owner.split('-')
    if (birth(Number(pid)) === born) continue
    const folder = join(recordsRoot, owner)
    for (const file of list(folder)) count += end(join(folder, file))
    rmSync(folder, { recursive: true, force: true })
  }
  return count
}

function record(name: string, content: ChildRecord | FolderRecord): () => void {
  const folder = join(recordsRoot, `${process.pid}-${birth(process.pid)}`)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.json`)
  writeFileSync(path, JSON.stringify(content))
  return () => {
    rmSync(path, { force: true })
    if (list(folder).length === 0) rmSync(folder, { recursive: true, force: true })
  }
}

function end(path: string): number {
  const content = read(path)
  if (content?.kind === 'process' && content.born !== '' && birth(content.pid) === content.born) {
    process.kill(content.pid, 'SIGKILL')
    return 1
  }
  if (content?.kind === 'folder' && basename(content.path).startsWith(FOLDER_PREFIX)) {
    if (dirname(content.path) === tmpdir()) rmSync(content.path, { recursive: true, force: true })
  }
  return 0
}

function read(path: string): ChildRecord | FolderRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ChildRecord | FolderRecord
  } catch {
    return undefined // half-written by a process killed at that moment: nothing to act on
  }
}

/** When a process was started, in the system's own words; undefined if there is none. Digits only. */
export function birth(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // Field 22, counted after the command name, which may itself hold spaces and brackets (proc(5)).
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : fields[19] // a zombie has ended; nobody has collected it yet
    }
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return started === '' ? undefined : String(Date.parse(started))
  } catch {
    return undefined // no such process
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // nothing was ever recorded, or another start is sweeping the same folder
  }
}
