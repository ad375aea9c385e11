// Why a Temporal server cannot be reached, found out step by step as a person would: the name, the port, what speaks there.
// Only looks; asked when a connection has not come up. Knows nothing of Temporal but that gRPC is HTTP/2.
import { lookup } from 'node:dns/promises'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { alertIn } from '../activities/tls-words.ts'

const STEP_WITHIN_MS = 3_000 // one step of the search: a name server or a host across the world answers sooner

/** What a gRPC client says first, and an empty SETTINGS frame: https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
])
const FRAME_TYPE_AT = 3 // of an HTTP/2 frame, after three bytes of length
const SETTINGS_FRAME = 4
const TLS_ALERT = 0x15
const TLS_MAJOR = 3

export type TlsSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>
export type Finding = {
  why: string
  /** Waiting does not mend it: the settings and the server do not fit each other. */
  isFinal: boolean
}

/** What stands in the way to `host:port`; `tls` null = the client speaks plain text. */
export async function whyUnreachable(address: string, tls: TlsSettings | null): Promise<Finding> {
  const place = placeOf(address)
  if (place === null) return { why: `${address} is not written as host:port`, isFinal: true }
  const unnamed = await nameProblem(place.host)
  if (unnamed !== null) return unnamed
  const socket = await reached(place)
  if (!('on' in socket)) return socket
  if (tls !== null) {
    socket.destroy()
    return await tlsFinding(place, tls)
  }
  const first = await firstBytes(socket)
  if (first !== 'closed') return spokenFinding(first)
  // Some servers close on whoever does not speak TLS, without a word.
  const secured = await handshake(place, {})
  return 'socket' in secured
    ? expectsTls()
    : { why: 'the port closes the connection at once: no gRPC is spoken there', isFinal: true }
}

type Place = { host: string; port: number }

/** `host:port`, `[::1]:7233`, or what gRPC writes before it: `dns:///host:port`. */
function placeOf(address: string): Place | null {
  const [, bracketed, bare, port] = /^(?:dns:\/*)?(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(address) ?? []
  const host = bracketed ?? bare
  return host === undefined ? null : { host, port: Number(port) }
}

async function nameProblem(host: string): Promise<Finding | null> {
  try {
    await lookup(host)
    return null
  } catch (error) {
    return { why: `the name ${host} does not resolve (${codeOf(error)})`, isFinal: false }
  }
}

async function reached({ host, port }: Place): Promise<Socket | Finding> {
  const socket = connectTcp({ host, port })
  try {
    await happened(socket, 'connect')
    return socket
  } catch (error) {
    socket.destroy()
    const code = codeOf(error)
    if (code === 'ECONNREFUSED') {
      return { why: `the connection was refused: nothing listens on port ${port} of ${host}`, isFinal: false }
    }
    const why = code === 'ETIMEDOUT' ? `${host} does not answer at all (a firewall?)` : `${host}: ${code}`
    return { why, isFinal: false }
  }
}

function spokenFinding(first: Buffer | 'silent'): Finding {
  if (first === 'silent')
    return { why: 'the port accepts the connection and then says nothing', isFinal: false }
  if (first.subarray(0, 5).toString('latin1') === 'HTTP/') {
    return {
      why: 'the port speaks HTTP/1, not gRPC: it is the port of another server (a web page, metrics?)',
      isFinal: true,
    }
  }
  if (first[0] === TLS_ALERT && first[1] === TLS_MAJOR) return expectsTls()
  if (first[FRAME_TYPE_AT] === SETTINGS_FRAME) {
    return {
      why: 'the port speaks HTTP/2, and answers no request of a Temporal client in time',
      isFinal: false,
    }
  }
  return { why: 'the port does not speak gRPC: it is the port of another server', isFinal: true }
}

function expectsTls(): Finding {
  return { why: 'the server expects TLS, and none is configured here', isFinal: true }
}

async function tlsFinding(place: Place, tls: TlsSettings): Promise<Finding> {
  const secured = await handshake(place, tls)
  if (!('socket' in secured)) return secured
  const { socket } = secured
  const { authorized, authorizationError, alpnProtocol } = socket
  if (!authorized) {
    socket.destroy()
    return {
      why: `the certificate of the server is not trusted (${String(authorizationError)})`,
      isFinal: true,
    }
  }
  if (alpnProtocol !== 'h2') {
    socket.destroy()
    return { why: 'the port speaks TLS, and no HTTP/2 within it: no gRPC is spoken there', isFinal: true }
  }
  const said = await alertOf(socket)
  if (said !== null) {
    const whose =
      tls.cert === undefined ? 'wants a client certificate' : 'does not take the client certificate'
    return { why: `the server ${whose} (it says: ${said})`, isFinal: true }
  }
  return {
    why: 'TLS is agreed upon, and no request of a Temporal client is answered in time (a client certificate?)',
    isFinal: false,
  }
}

/** In TLS 1.3 a server judges the certificate of a client after the handshake, with the first words. */
async function alertOf(socket: TLSSocket): Promise<string | null> {
  let said: string | null = null
  socket.once('error', (error) => (said = alertIn(error)))
  await firstBytes(socket)
  return said
}

async function handshake({ host, port }: Place, tls: TlsSettings): Promise<{ socket: TLSSocket } | Finding> {
  const named = tls.servername ?? host
  const options = {
    host,
    port,
    ...tls,
    ...(/^[\d.]+$|:/.test(named) ? {} : { servername: named }),
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false, // judged by the caller, who names what is wrong; nothing is sent over it
  }
  let socket: TLSSocket
  try {
    socket = connectTls(options)
  } catch (error) {
    // Of the files, before anything is connected: no certificate in one of them, or a key that is not of the certificate.
    return {
      why: `the certificates in TEMPORAL_TLS_* or temporal.toml cannot be used (${codeOf(error)})`,
      isFinal: true,
    }
  }
  try {
    await happened(socket, 'secureConnect')
    return { socket }
  } catch (error) {
    socket.destroy()
    const code = codeOf(error)
    return code === 'ETIMEDOUT' || code === 'ECONNREFUSED'
      ? { why: `no TLS handshake with ${host}: ${code}`, isFinal: false }
      : { why: `TLS is configured here, and the port does not answer in TLS (${code})`, isFinal: true }
  }
}

/** The first bytes that the other end says to a gRPC client. */
async function firstBytes(socket: Socket): Promise<Buffer | 'closed' | 'silent'> {
  const { promise, resolve } = Promise.withResolvers<Buffer | 'closed' | 'silent'>()
  const timer = setTimeout(() => resolve('silent'), STEP_WITHIN_MS)
  socket.once('data', resolve)
  socket.once('close', () => resolve('closed'))
  socket.once('error', () => resolve('closed'))
  socket.write(PREFACE)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.on('error', () => {}) // it has served its purpose
    socket.destroy()
  }
}

async function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => reject(late), STEP_WITHIN_MS)
  const closed = Object.assign(new Error('closed'), { code: 'the connection was closed' })
  socket.once(event, resolve)
  socket.once('error', reject)
  socket.once('close', () => reject(closed))
  try {
    await promise
  } finally {
    clearTimeout(timer)
    socket.on('error', () => {}) // told already
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
