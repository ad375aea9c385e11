// The other place in which run-time weights live: the file that HAProxy loads at its next reload (`server-state-file`).
// A reload would bring back what it says, or what the configuration says where the file says nothing.
import { FileChanged, type WholeFile, isLink, readWhole, replaceWhole } from '../whole-file.ts'
import type { BackendServer, States } from './client.ts'
import { type Weights, WEIGHT_MAX } from './servers.ts'

const NEW_FILE_MODE = 0o644 // HAProxy reads it as its own user; it holds no secret
const TRIES_MAX = 3 // a reload script that writes at the same moment is let through; the next try starts from its file

export interface StateFile {
  path: string
  backend: string
  /** The servers of both sides. */
  servers: string[]
}

export interface StateFileLook {
  /** What a reload would bring to these servers. null = the file cannot be read, for the reason in `why`. */
  weights: Weights | null
  /** Why it cannot be read, by us or by HAProxy: `is passed over by HAProxy: its last line has no end`. */
  why: string | null
  /** Whether the file says anything of them; otherwise a reload brings what the configuration says. */
  isHeld: boolean
}

export async function lookAtStateFile(
  { path, backend, servers }: StateFile,
  { servers: all }: States,
  signal: AbortSignal,
): Promise<StateFileLook> {
  const now = all.filter((server) => server.backend === backend && servers.includes(server.name))
  try {
    const file = await readOrNone(path, signal)
    const read = file === null ? { head: '', servers: [] } : parseStateFile(file.text)
    if (typeof read === 'string')
      return { weights: afterReload([], now), why: `is passed over by HAProxy: ${read}`, isHeld: false }
    const rows = read.servers.filter((row) => now.some((one) => isSame(one, row)))
    return { weights: afterReload(rows, now), why: null, isHeld: rows.length > 0 }
  } catch (error) {
    if (signal.aborted) throw error
    return { weights: null, why: (error as Error).message, isHeld: true }
  }
}

/**
 * Puts the rows of these servers into the file and leaves every other row as it is. `rows` are HAProxy's own words of this
 * moment, from `show servers state`, under its own `head`.
 */
export async function keepInStep(
  { path, backend, servers }: StateFile,
  states: States,
  signal: AbortSignal,
): Promise<void> {
  const isMine = (server: BackendServer): boolean =>
    server.backend === backend && servers.includes(server.name)
  for (let attempt = 1; ; attempt++) {
    const file = await readOrNone(path, signal)
    if (file !== null && (await isLink(path))) throw new Error('it is a symbolic link: name the file itself')
    const text = withRows(file?.text ?? '', states, isMine)
    try {
      const to = { text, mode: file?.mode ?? NEW_FILE_MODE, owner: file?.owner ?? null }
      return await replaceWhole(path, { from: file?.text ?? null, to })
    } catch (error) {
      if (!(error instanceof FileChanged) || attempt === TRIES_MAX) throw error
    }
  }
}

async function readOrNone(path: string, signal: AbortSignal): Promise<WholeFile | null> {
  try {
    return await readWhole(path, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const FIELDS_MIN = 20 // of a row; in a file with a shorter one HAProxy reads nothing
const LINE_MAX = 2_000 // signs; likewise
const NAMED = { backend: 1, name: 3, weight: 7, initialWeight: 8 } // places of what we need; HAProxy goes by them, not by the names above

/**
 * The file as HAProxy reads it (2.6, each case verified 2026-11-28): all of it, or nothing. A text says why nothing. What a disk that was
 * full or a copy without its end has left is passed over whole, and so is one with Windows line ends.
 */
export function parseStateFile(text: string): States | string {
  if (text === '') return { head: '', servers: [] }
  const [version = '', ...lines] = text.split('\n')
  if (version !== '1' || lines.length === 0) return `its first line is ${JSON.stringify(version)} and not 1`
  if (lines.pop() !== '') return 'its last line has no end'
  const servers: BackendServer[] = []
  for (const [at, row] of lines.entries()) {
    const fields = row.trim().split(/[ \t]+/)
    if (row.length > LINE_MAX || (row !== '' && !row.startsWith('#') && fields.length < FIELDS_MIN))
      return `line ${at + 2} is cut or none of it`
    const [weight, initialWeight] = [weightIn(fields[NAMED.weight]), weightIn(fields[NAMED.initialWeight])]
    if (row === '' || row.startsWith('#') || weight === null || initialWeight === null) continue
    const { [NAMED.backend]: backend = '', [NAMED.name]: name = '' } = fields
    servers.push({ backend, name, weight, initialWeight, row })
  }
  const names = lines[0]?.startsWith('#') === true ? `${lines[0]}\n` : ''
  return { head: `${version}\n${names}`, servers }
}

/** Null: HAProxy takes no weight of this row. */
function weightIn(field = ''): number | null {
  const weight = Number.parseInt(/^\d+/.exec(field)?.[0] ?? '', 10)
  return weight >= 0 && weight <= WEIGHT_MAX ? weight : null
}

/** HAProxy takes a weight from the file only while the configured weight is the one that the file remembers. */
function afterReload(rows: BackendServer[], now: BackendServer[]): Weights {
  return Object.fromEntries(
    now.map((server) => {
      const row = rows.find((each) => isSame(each, server))
      const isValid = row?.initialWeight === server.initialWeight
      return [server.name, isValid ? row.weight : server.initialWeight]
    }),
  )
}

const LIKE_STATES = /^(?:1\s*$|# be_id )/m

function withRows(
  text: string,
  { head, servers }: States,
  isMine: (server: BackendServer) => boolean,
): string {
  const mine = servers.filter(isMine)
  if (text.trim() === '') return textOf(head, mine)
  const there = parseStateFile(text)
  if (typeof there === 'string' && !LIKE_STATES.test(text))
    throw new Error('it is no state file of HAProxy (`show servers state`); nothing was written to it')
  // Spoiled, or saved by another version, whose rows have other columns: all of it is said anew, as a reload script would.
  if (typeof there === 'string' || there.head !== head) return textOf(head, servers)
  const kept = there.servers.map((server) => mine.find((each) => isSame(each, server)) ?? server)
  const added = mine.filter((server) => !there.servers.some((each) => isSame(each, server)))
  return textOf(head, [...kept, ...added])
}

function isSame(one: BackendServer, other: BackendServer): boolean {
  return one.backend === other.backend && one.name === other.name
}

function textOf(head: string, servers: BackendServer[]): string {
  return `${head}${servers.map(({ row }) => `${row}\n`).join('')}`
}
