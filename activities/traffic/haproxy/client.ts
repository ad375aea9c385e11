// HAProxy's runtime socket: one line in, text out, connection closed. Knows nothing of sides, plans or failure kinds.
// https://docs.haproxy.org/2.6/management.html#9.3 ; replies carry no status: an empty answer is success, any text is not.
import { connect, type Socket } from 'node:net'

const REPLY_BYTES_MAX = 32 * 1024 * 1024 // `show stat json` is about 15 KB per server: 2,000 servers

/** HAProxy answered with words where silence was success, or with words where data was expected. */
export class HaproxyRefusal extends Error {}

export interface ServerStat {
  name: string
  /** The weight an operator set (`uweight`), not what slow start makes of it at the moment. */
  weight: number
  status: string
  /** What the last health check found (`L4CON`), if there is one. */
  check: string | null
  sessions: number
  requestsTotal: number
  /** Percent of its weight that slow start grants at present, if it is starting. */
  throttle: number | null
}

export interface BackendStat {
  algorithm: string | null
  servers: ServerStat[]
}

/** Sends one line and returns the whole reply. Rejects with the signal's reason, or with node's error of the socket. */
export function ask(address: string, line: string, signal: AbortSignal): Promise<string> {
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
    const onAbort = (): void => end(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`${line}\n`))
    socket.on('data', (chunk: string) => {
      reply += chunk
      if (reply.length > REPLY_BYTES_MAX) end(new Error(`the reply is longer than ${REPLY_BYTES_MAX} bytes`))
    })
    socket.on('error', end)
    socket.on('end', () => end())
    socket.on('close', () => end(new Error('the connection was closed without an answer')))
  })
}

/** `set weight` for several servers in one line, so that no request sees only some of them. In the given order. */
export async function setWeights(
  address: string,
  request: { backend: string; weights: [server: string, weight: number][] },
  signal: AbortSignal,
): Promise<void> {
  const commands = request.weights.map(
    ([server, weight]) => `set weight ${request.backend}/${server} ${weight}`,
  )
  const words = (await ask(address, commands.join('; '), signal))
    .split('\n')
    .filter((line) => line.trim() !== '')
  if (words.length > 0) throw new HaproxyRefusal([...new Set(words)].join(' '))
}

export async function readBackend(
  address: string,
  backend: string,
  signal: AbortSignal,
): Promise<BackendStat> {
  const named = rows(await ask(address, `show stat ${backend} 6 -1 json`, signal))
  // A frontend of the same name may have been found instead; then only the list of all proxies holds the backend.
  const all = named.length > 0 ? named : rows(await ask(address, 'show stat -1 6 -1 json', signal))
  const own = all.filter((row) => row.pxname === backend)
  if (own.length === 0) throw new HaproxyRefusal('No such backend.')
  return {
    algorithm: text(own.find((row) => row.svname === 'BACKEND')?.algo),
    servers: own.filter((row) => row.svname !== 'BACKEND').map(serverStat),
  }
}

type Row = Record<string, string | number>

/** `show stat json` is a list of proxies or servers, each a list of `{ field: { name }, value: { value } }`. */
function rows(reply: string): Row[] {
  if (!reply.startsWith('[')) throw new HaproxyRefusal(reply.trim().split('\n')[0] ?? '')
  const lists = JSON.parse(reply) as { field: { name: string }; value: { value: string | number } }[][]
  return lists.map((fields) =>
    Object.fromEntries(fields.map(({ field, value }) => [field.name, value.value])),
  )
}

function serverStat(row: Row): ServerStat {
  return {
    name: String(row.svname),
    weight: Number(row.uweight ?? row.weight),
    status: String(row.status),
    check: text(row.check_status),
    sessions: Number(row.scur),
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
