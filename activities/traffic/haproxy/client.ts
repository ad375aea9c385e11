// HAProxy's runtime socket, or one worker behind its master CLI: one line in, text out, connection closed. Knows nothing of sides,
// plans or failure kinds.
// https://docs.haproxy.org/2.6/management.html#9.3 ; replies carry no status: an empty answer is success, any text is not.
import { connect, type Socket } from 'node:net'
import { isTold } from '../../http.ts'

const REPLY_BYTES_MAX = 32 * 1024 * 1024 // `show stat json` is about 15 KB per server: 2,000 servers

/** A `stats socket`, or the socket of a master process (option -S) with the worker that is meant: `@1`, `@!PID`. */
export type Cli = string | { master: string; worker: string }

/** HAProxy answered with words where silence was success, or with words where data was expected. */
export class HaproxyRefusal extends Error {}

/** The connection was closed before a whole answer came: nobody refused anything, HAProxy is stopping or restarting. */
export class HaproxyGone extends Error {}

/** Something answered, but it does not end its answers as a runtime socket does. */
export class NotARuntimeSocket extends Error {
  /** It has introduced itself: the command line of a master process, which keeps connections open. */
  readonly isMaster: boolean
  constructor(words: string, isMaster: boolean) {
    super(words)
    this.isMaster = isMaster
  }
}

export interface ServerStat {
  name: string
  /** The weight an operator set (`uweight`), not what slow start makes of it at the moment. */
  weight: number
  status: string
  /** A `backup` server: it gets requests only while no other one can. */
  isBackup: boolean
  /** An agent outside may set the weight too. */
  hasAgent: boolean
  /** What the last health check found (`L4CON`), if there is one. */
  check: string | null
  sessions: number
  /** Requests that wait for it (`maxconn`): they are its own, and count for no session yet. */
  queued: number
  requestsTotal: number
  /** Percent of its weight that slow start grants at present, if it is starting. */
  throttle: number | null
}

export interface BackendStat {
  algorithm: string | null
  /** The cookie by which it keeps users on their server, if it does. */
  cookie: string | null
  /** Seconds since it gave a request to a server; null = it never did. */
  lastRequestS: number | null
  servers: ServerStat[]
}

/**
 * Sends one line, of one command or several, and returns the whole reply. Rejects with the signal's reason, with node's error of
 * the socket, with `NotARuntimeSocket` when it has answered and does not close, or with `HaproxyGone` when a master has no such worker.
 */
export async function ask(cli: Cli, command: string | string[], signal: AbortSignal): Promise<string> {
  const commands = [command].flat()
  if (typeof cli === 'string') return await exchange(cli, { line: commands.join('; '), ends: false }, signal)
  // A master reads `;` itself: each command needs its worker. It keeps the connection until it hears that nothing else comes.
  const line = commands.map((each) => `${cli.worker} ${each}`).join('; ')
  const reply = await exchange(cli.master, { line, ends: true }, signal)
  if (!NO_WORKER.test(reply)) return reply
  throw new HaproxyGone(`the master answered "${firstLine(reply)}"`)
}

/** Of the master itself, not of a worker: `show proc`. */
export async function askMaster(master: string, line: string, signal: AbortSignal): Promise<string> {
  return await exchange(master, { line, ends: true }, signal)
}

const NO_WORKER = /^Can't find the target/m

type Line = { line: string; ends: boolean }

function exchange(address: string, { line, ends }: Line, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = dial(address)
    let reply = ''
    const end = (error?: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      if (error === undefined) resolve(reply)
      else reject(error instanceof Error ? error : new Error(String(error)))
    }
    const onAbort = (): void =>
      end(reply === '' || isTold(signal) ? signal.reason : new NotARuntimeSocket(firstLine(reply), false))
    signal.addEventListener('abort', onAbort, { once: true })
    socket.setEncoding('utf8')
    socket.on('connect', () => (ends ? socket.end(`${line}\n`) : socket.write(`${line}\n`)))
    socket.on('data', (chunk: string) => {
      reply += chunk
      if (reply.length > REPLY_BYTES_MAX) end(new Error(`the reply is longer than ${REPLY_BYTES_MAX} bytes`))
      if (!ends && reply.length < GREETING_MAX && MASTER_WORDS.test(reply))
        end(new NotARuntimeSocket(firstLine(reply), true))
    })
    socket.on('error', end)
    socket.on('end', () => end())
    socket.on('close', () => end(new HaproxyGone('the connection was closed without an answer')))
  })
}

// Commands that only a master process lists, when it is told a worker's. Workers never answer so.
const MASTER_WORDS = /^\s+(?:@master|@!<pid>|@<relative pid>|show proc)\s+:/m
const GREETING_MAX = 4_096 // the master's whole list of commands; later data is certainly an answer

export function firstLine(reply: string): string {
  return reply.trim().split('\n')[0] ?? ''
}

/** `set weight` for several servers in one line, so that no request sees only some of them. In the given order. */
export async function setWeights(
  cli: Cli,
  request: { backend: string; weights: [server: string, weight: number][] },
  signal: AbortSignal,
): Promise<void> {
  const commands = request.weights.map(
    ([server, weight]) => `set weight ${request.backend}/${server} ${weight}`,
  )
  const lines = (await ask(cli, commands, signal)).split('\n')
  const words = lines.filter((line) => line.trim() !== '')
  if (words.length > 0) throw new HaproxyRefusal([...new Set(words)].join(' '))
  // Each command that was carried out answers with an empty line; a process that ends says nothing at all.
  if (lines.length <= commands.length) throw new HaproxyGone('the connection was closed without an answer')
}

export async function readBackend(cli: Cli, backend: string, signal: AbortSignal): Promise<BackendStat> {
  const named = rows(await ask(cli, `show stat ${backend} 6 -1 json`, signal))
  // A frontend of the same name may have been found instead; then only the list of all proxies holds the backend.
  const all = named.length > 0 ? named : rows(await ask(cli, 'show stat -1 6 -1 json', signal))
  const own = all.filter((row) => row.pxname === backend)
  if (own.length === 0) throw new HaproxyRefusal('No such backend.')
  return backendStat(own)
}

/** Every backend by its name. */
export async function readBackends(
  cli: Cli,
  signal: AbortSignal,
): Promise<{ [backend: string]: BackendStat }> {
  const all = rows(await ask(cli, 'show stat -1 6 -1 json', signal))
  const backends = Map.groupBy(all, ({ pxname }) => String(pxname))
  return Object.fromEntries([...backends].map(([name, own]) => [name, backendStat(own)]))
}

function backendStat(own: Row[]): BackendStat {
  const whole = own.find((row) => row.svname === 'BACKEND')
  const last = Number(whole?.lastsess ?? -1)
  return {
    algorithm: text(whole?.algo),
    cookie: text(whole?.cookie),
    lastRequestS: last < 0 ? null : last,
    servers: own.filter((row) => row.svname !== 'BACKEND').map(serverStat),
  }
}

type Row = Record<string, string | number>

export interface BackendServer {
  backend: string
  name: string
  /** The weight in force, set at run time or not. */
  weight: number
  /** The weight of the configuration. */
  initialWeight: number
  /** The whole row, as it stands in a state file. */
  row: string
}

/** `head` is what stands above the rows. */
export interface States {
  head: string
  servers: BackendServer[]
}

/** `show servers state`: what a state file holds, of every backend. */
export async function readServerStates(cli: Cli, signal: AbortSignal): Promise<States> {
  const reply = await ask(cli, 'show servers state', signal)
  if (reply.trim() === '') throw new HaproxyGone('the connection was closed without an answer')
  const states = parseServerStates(reply)
  if (states === null) throw new HaproxyRefusal(firstLine(reply))
  return states
}

/** Null where it is none. The columns are named by its second line. */
function parseServerStates(reply: string): States | null {
  const [version = '', names = '', ...lines] = reply.trim().split('\n')
  const columns = names.replace(/^# /, '').split(' ')
  const wanted = ['be_name', 'srv_name', 'srv_uweight', 'srv_iweight'].map((name) => columns.indexOf(name))
  if (version.trim() !== '1' || wanted.includes(-1)) return null
  const servers = lines
    .filter((row) => row.trim() !== '' && !row.startsWith('#'))
    .map((row) => {
      const fields = row.split(' ')
      const [backend = '', name = '', weight, initialWeight] = wanted.map((column) => fields[column])
      return { backend, name, weight: Number(weight), initialWeight: Number(initialWeight), row }
    })
  return { head: `${version}\n${names}\n`, servers }
}

/** `show stat json` is a list of proxies or servers, each a list of `{ field: { name }, value: { value } }`. */
function rows(reply: string): Row[] {
  if (reply.trim() === '') throw new HaproxyGone('the connection was closed without an answer')
  if (!reply.startsWith('[')) throw new HaproxyRefusal(firstLine(reply))
  return parsed(reply).map((fields) =>
    Object.fromEntries(fields.map(({ field, value }) => [field.name, value.value])),
  )
}

function parsed(reply: string): { field: { name: string }; value: { value: string | number } }[][] {
  try {
    return JSON.parse(reply) as ReturnType<typeof parsed>
  } catch (cause) {
    throw new HaproxyGone('the connection was closed in the middle of the answer', { cause })
  }
}

function serverStat(row: Row): ServerStat {
  return {
    name: String(row.svname),
    weight: Number(row.uweight ?? row.weight),
    status: String(row.status),
    isBackup: row.bck === 1,
    hasAgent: row.agent_status !== undefined,
    check: text(row.check_status),
    sessions: Number(row.scur),
    queued: Number(row.qcur ?? 0),
    requestsTotal: Number(row.stot),
    throttle: row.throttle === undefined ? null : Number(row.throttle),
  }
}

function text(value: string | number | undefined): string | null {
  return value === undefined || value === '' ? null : String(value)
}

function dial(address: string): Socket {
  if (address.startsWith('/')) return connect({ path: address })
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return connect({ host, port: Number(address.slice(colon + 1)) })
}
