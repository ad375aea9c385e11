// One HTTP call in our terms: bounded answer, one deadline, failures of the closed list. Knows no backend.
import { stripVTControlCharacters } from 'node:util'
import type { FailureKind } from '../workflows/failure.ts'
import { isSecretReference } from './config.ts'
import { failure, kindOf } from './failure.ts'
import type { Secrets } from './provider.ts'
import { tlsProblem } from './tls-words.ts'

const EXCERPT_CHARACTERS_MAX = 300 // their words in our message: a sentence, not a page
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/ // RFC 9110, section 5.5

/** The caller's deadline passed before the provider's own timeout did. */
export const LATE = 'no answer before the deadline of the call'

export interface HttpCall {
  /** What is tried and on what, for messages; starts the sentence: `query prometheus at http://...`. */
  what: string
  url: string
  init: { method: string; headers: Record<string, string>; body?: string }
  signal: AbortSignal
  timeoutMs: number
  bytesMax: number
}

export interface HttpAnswer {
  status: number
  headers: Headers
  body: string
  /** The answer was longer than `bytesMax`; `body` is its beginning. */
  isCut: boolean
}

/**
 * Sends one request; never follows a redirect. Raises Unavailable, Config or Denied for what is wrong with certificates, what
 * `fetch` itself raises of the closed list, or the reason of the caller's signal.
 */
export async function exchange(fetch: typeof globalThis.fetch, call: HttpCall): Promise<HttpAnswer> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)])
  try {
    signal.throwIfAborted()
    const response = await fetch(call.url, { ...call.init, signal, redirect: 'manual' })
    return { status: response.status, headers: response.headers, ...(await bounded(response, call.bytesMax)) }
  } catch (error) {
    if (isTold(call.signal)) throw call.signal.reason
    // The cause below fetch's own error: that one may repeat the address, which can be a secret.
    const cause = error instanceof Error ? error.cause : undefined
    const kind = kindOf(error)
    if (kind !== null) throw failure(kind, `${call.what}: ${(error as Error).message}`, { cause })
    const problem = tlsProblem(error)
    if (problem !== null) throw failure(problem.kind, `${call.what}: ${problem.reason}`, { cause })
    if (isBlockedPort(error)) throw failure('Config', `${call.what}: ${blockedPort(call.url)}`, { cause })
    const reason = call.signal.aborted ? LATE : networkReason(error, call.timeoutMs)
    throw failure('Unavailable', `${call.what}: ${reason}`, { cause })
  }
}

/** The kind of an answer that is not a success, where the status alone tells. */
export function statusKind(status: number): FailureKind {
  if (status === 401 || status === 403 || status === 407) return 'Denied'
  if (status === 429) return 'Throttled'
  if (status === 408 || status === 425 || status >= 500) return 'Unavailable'
  if (status === 400 || status === 409 || status === 413 || status === 422) return 'Rejected'
  return 'Config' // redirects, 404, 405, 410, 415: the address or what listens there is wrong
}

/** `Retry-After` in either of its forms; undefined when absent or unreadable. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

export interface Credentials {
  headers: Record<string, string>
  /** Reference to a bearer token. */
  token?: string
}

/** Headers with their references resolved, and the secrets among them for `redact`. Raises Config. */
export async function resolveHeaders(
  { headers, token }: Credentials,
  secrets: Secrets,
): Promise<{ headers: Record<string, string>; secrets: string[] }> {
  const resolved: Record<string, string> = {}
  const read: string[] = []
  const resolve = async (name: string, text: string): Promise<string> => {
    const isReference = isSecretReference(text)
    const content = isReference ? await secrets.read(text) : text
    if (isReference) read.push(content)
    if (HEADER_VALUE.test(content)) return content
    // Checked here because fetch would put the whole value into its error.
    throw failure(
      'Config',
      `header ${name}: ${isReference ? text : 'its text'} holds characters no header may have`,
    )
  }
  for (const [name, text] of Object.entries(headers)) resolved[name] = await resolve(name, text)
  if (token !== undefined) resolved['authorization'] = `Bearer ${await resolve('authorization', token)}`
  return { headers: resolved, secrets: read }
}

/** The beginning of their words on one line, for a message; nothing in it can steer a terminal. Redact before. */
export function excerpt(text: string): string {
  const line = stripVTControlCharacters(text)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return line.length <= EXCERPT_CHARACTERS_MAX ? line : `${line.slice(0, EXCERPT_CHARACTERS_MAX)}...`
}

/** Whether the caller ended the call on purpose; a deadline that passed is an answer not given. */
export function isTold(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')
}

/** What went wrong below HTTP, in words. */
export function networkReason(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs} ms`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return 'failed without saying why'
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ECONNREFUSED') return 'connection refused: nothing listens there'
  if (code === 'ENOTFOUND') return 'its name is not known (DNS)'
  if (code === 'UND_ERR_SOCKET')
    return 'the connection was closed without an answer: a server that wants TLS, or another client certificate, may do that'
  return code === undefined || cause.message.includes(code) ? cause.message : `${code} ${cause.message}`
}

/** Whether nothing listened at the address. */
export function isRefused(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ((at as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true
  return false
}

/** `fetch` never connects to some ports, as browsers do not, and says so before anything is sent. */
export function isBlockedPort(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
}

export function blockedPort(url: string): string {
  const { port } = new URL(url)
  const list = 'https://fetch.spec.whatwg.org/#port-blocking'
  return `port ${port} is one of those that no HTTP client of this kind connects to (${list}); let the server listen on another one`
}

async function bounded(response: Response, bytesMax: number): Promise<{ body: string; isCut: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size > bytesMax) break // leaving the loop cancels the stream
  }
  const bytes = Buffer.concat(chunks)
  return { body: bytes.subarray(0, bytesMax).toString('utf8'), isCut: size > bytesMax }
}
