// Which processes take connections for an NGINX, as the system lists them: so it is known of whom an answer is still missing, and a worker
// that has answered keeps what it serves for as long as it lives. Linux, and where its processes are seen; otherwise nothing is known.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const PROC = '/proc'
const PROCESSES_MAX = 1_000 // two generations of workers on the largest machines
const MASTER = 'nginx: master process'
/** What takes no connection: workers that a reload has sent away (their listeners are closed), and those that keep the cache. */
const ASIDE = /^nginx: (?:worker process is shutting down|cache (?:manager|loader) process)/

export interface Accepting {
  pid: string
  /** Differs when another process has got the number of one that has ended. */
  id: string
}

/**
 * All that may answer beside these workers: of their masters, of the masters that these were started by (an upgrade of the program), and of
 * those that they have started. Empty while that cannot be told, because it changes. null: processes cannot be seen, or these are not what
 * they are taken for; then it is never known who else there is.
 */
export async function acceptingBeside(workers: string[], proc = PROC): Promise<Accepting[] | null> {
  // A list of children that is read while one of them ends may lack another one (proc(5)): it counts once it is read twice.
  const [first, second] = [await readBeside(workers, proc), await readBeside(workers, proc)]
  if (first === null || second === null) return null
  return JSON.stringify(first) === JSON.stringify(second) ? second : []
}

async function readBeside(workers: string[], proc: string): Promise<Accepting[] | null> {
  try {
    const all = new Map<string, Accepting>()
    const masters = new Set<string>()
    for (const worker of workers) {
      const master = await firstMasterOf(worker, proc)
      if (master !== undefined && !masters.has(master)) await collect(master, { proc, all, masters })
    }
    // One that was heard and is in nobody's list: numbers of another container, or no master and workers at all.
    const isStrange = async (worker: string) => !all.has(worker) && (await isTaking(worker, proc))
    for (const worker of workers) if (await isStrange(worker)) return null
    return [...all.values()]
  } catch {
    return null // not Linux, or processes of others are hidden: the caller asks for longer
  }
}

/** Undefined: the worker has ended meanwhile. Throws where it is not the worker of a master. */
async function firstMasterOf(worker: string, proc: string): Promise<string | undefined> {
  const own = await statOf(worker, proc)
  if (own === null) return undefined
  let { parent } = own
  if (!(await titleOf(parent, proc)).startsWith(MASTER)) throw new Error(`${worker} has no master`)
  for (let climbed = 0; climbed < PROCESSES_MAX; climbed++) {
    const above = (await statOf(parent, proc))?.parent ?? '0'
    if (above === '0' || !(await titleOf(above, proc)).startsWith(MASTER)) break
    parent = above
  }
  return parent
}

interface Found {
  proc: string
  all: Map<string, Accepting>
  masters: Set<string>
}

async function collect(master: string, found: Found): Promise<void> {
  const { proc, all, masters } = found
  masters.add(master)
  for (const pid of await childrenOf(master, proc)) {
    if (all.size + masters.size > PROCESSES_MAX) throw new Error('too many processes')
    const stat = await statOf(pid, proc)
    if (stat === null) continue
    const title = await titleOf(pid, proc)
    if (ASIDE.test(title)) continue
    // A worker has its master's title until it has given itself its own.
    if (title.startsWith(MASTER) && (await childrenOf(pid, proc)).length > 0) await collect(pid, found)
    else all.set(pid, { pid, id: `${pid}@${stat.startedAt}` })
  }
}

async function isTaking(pid: string, proc: string): Promise<boolean> {
  return (await statOf(pid, proc)) !== null && !ASIDE.test(await titleOf(pid, proc))
}

/** `/proc/PID/stat` (proc(5)): the name of the program stands in brackets and may hold anything. */
async function statOf(pid: string, proc: string): Promise<{ parent: string; startedAt: string } | null> {
  const text = await textOf(join(proc, pid, 'stat'))
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, startedAt] = [fields[0], fields[1], fields[19]]
  if (parent === undefined || startedAt === undefined) throw new Error(`${pid} has an unknown stat`)
  return state === 'Z' || state === 'X' ? null : { parent, startedAt }
}

async function titleOf(pid: string, proc: string): Promise<string> {
  return ((await textOf(join(proc, pid, 'cmdline'))) ?? '').replaceAll('\0', ' ').trim()
}

async function childrenOf(pid: string, proc: string): Promise<string[]> {
  const text = await textOf(join(proc, pid, 'task', pid, 'children'))
  return (text ?? '').split(' ').filter((each) => /^\d+$/.test(each.trim()))
}

/** null: the process has ended. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}
