// Caddy's admin API: one object of the running configuration, with its ETag, and its replacement under that condition.
// https://caddyserver.com/docs/api#concurrent-config-changes ; verified 2026-11-27 on 2.11.7.
import { type Json, type JsonObject, isObject } from '../../../workflows/json.ts'
import type { FailureKind } from '../../../workflows/failure.ts'
import { failure } from '../../failure.ts'
import { type HttpAnswer, excerpt, exchange, statusKind } from '../../http.ts'
import { redactLookalikes } from '../../secrets.ts'
import type { CaddyConfig } from './schema.ts'

const READ_MS_MAX = 2_000 // the API answers within milliseconds
const WRITE_MS_MAX = 3_500 // it loads the whole configuration before it answers; the engine's deadline is 4 s
const ANSWER_BYTES_MAX = 1024 * 1024 // a handler with a thousand upstreams
const CONFIG_BYTES_MAX = 16 * 1024 * 1024 // thousands of sites
const WEIGHTS = 'load_balancing/selection_policy/weights'

export interface Edge {
  config: CaddyConfig
  fetch: typeof globalThis.fetch
}

export interface Handler {
  object: JsonObject
  etag: string
}

export async function readHandler(edge: Edge, signal: AbortSignal): Promise<Handler> {
  const { admin, handler } = edge.config
  const what = `reading ${handler} of Caddy at ${admin}`
  const answer = await call(edge, { what, method: 'GET', path: handler, signal })
  const etag = answer.headers.get('etag')
  const object = answer.status === 200 ? parsed(answer.body) : null
  if (
    answer.status === 404 ||
    /unknown object ID|invalid traversal|out of bounds/.test(answer.body) ||
    object === null
  ) {
    if (answer.status === 200 || answer.status < 500) {
      throw failure(kindOfRead(answer), `${what}: ${saidBy(answer)}`)
    }
  }
  if (answer.status !== 200) throw failure(statusKind(answer.status), `${what}: ${saidBy(answer)}`)
  if (object === null || !isObject(object) || etag === null) {
    throw failure(
      'Config',
      `${what}: it is no handler with an ETag; is this the admin API of a Caddy of 2.5 or later?`,
    )
  }
  return { object, etag }
}

/** False: the handler is no longer the one of this ETag, and nothing was written. */
export async function replaceWeights(
  edge: Edge,
  { weights, etag, doing }: { weights: number[]; etag: string; doing: string },
  signal: AbortSignal,
): Promise<boolean> {
  const path = `${edge.config.handler}/${WEIGHTS}`
  const answer = await call(edge, {
    what: doing,
    method: 'PATCH',
    path,
    signal,
    etag,
    body: JSON.stringify(weights),
  })
  if (answer.status === 412) return false
  if (answer.status === 200) return true
  if (answer.status === 400 && answer.body.includes('malformed If-Match'))
    throw failure(
      'Config',
      `${doing}: Caddy does not take back its own ETag ${etag}, for the place of the handler has a blank in it; name that server without one`,
    )
  // What it cannot load it answers with 500, and goes on with the configuration before.
  const isRefused = /loading new config|loading config|invalid configuration/.test(answer.body)
  throw failure(isRefused ? 'Rejected' : statusKind(answer.status), `${doing}: ${saidBy(answer)}`)
}

/** A replacement under a condition that is never met: told whether it would be allowed, without one. */
export async function mayReplace(
  edge: Edge,
  { etag, doing }: { etag: string; doing: string },
  signal: AbortSignal,
) {
  const never = etag.replace(/ [^ "]*"$/, ' never"')
  const isReplaced = await replaceWeights(edge, { weights: [], etag: never, doing }, signal)
  if (isReplaced) throw failure('Bug', `${doing}: Caddy took a replacement whose condition was not met`)
}

/** Requests in flight by upstream. An answer that holds no counts is none, and never an empty list. */
export async function inFlight(edge: Edge, signal: AbortSignal): Promise<{ [dial: string]: number }> {
  const what = `reading the upstreams of Caddy at ${edge.config.admin}`
  const answer = await call(edge, { what, method: 'GET', path: '/reverse_proxy/upstreams', signal })
  const { status, body } = answer
  if (status !== 200) throw failure(statusKind(status), `${what}: ${saidBy(answer)}`)
  const list = parsed(body)
  const entries = Array.isArray(list) ? list.filter((each): each is JsonObject => isObject(each)) : []
  const counts = entries.flatMap(({ address, num_requests: now }) =>
    typeof address === 'string' && typeof now === 'number' ? [[address, now] as const] : [],
  )
  if (Array.isArray(list) && counts.length === list.length) return Object.fromEntries(counts)
  throw failure('Config', `${what}: it holds no counts by upstream: ${excerpt(redactLookalikes(body))}`)
}

/** Every reverse_proxy handler of the whole configuration. */
export async function handlers(edge: Edge, signal: AbortSignal): Promise<JsonObject[]> {
  const what = `reading the configuration of Caddy at ${edge.config.admin}`
  const answer = await call(edge, {
    what,
    method: 'GET',
    path: '/config/',
    signal,
    bytesMax: CONFIG_BYTES_MAX,
  })
  if (answer.status !== 200) throw failure(statusKind(answer.status), `${what}: ${saidBy(answer)}`)
  if (answer.isCut) throw failure('Unsupported', `${what}: it is longer than ${CONFIG_BYTES_MAX} bytes`)
  return proxiesIn(parsed(answer.body))
}

function proxiesIn(value: Json): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(proxiesIn)
  if (!isObject(value)) return []
  const own = value['handler'] === 'reverse_proxy' ? [value] : []
  return [...own, ...Object.values(value).flatMap(proxiesIn)]
}

interface Call {
  what: string
  method: 'GET' | 'PATCH'
  path: string
  signal: AbortSignal
  etag?: string
  body?: string
  bytesMax?: number
}

async function call(
  { config, fetch }: Edge,
  { what, method, path, signal, etag, body, bytesMax = ANSWER_BYTES_MAX }: Call,
): Promise<HttpAnswer> {
  return await exchange(fetch, {
    what,
    url: `${config.admin.replace(/\/$/, '')}${path}`,
    init: {
      method,
      headers: {
        // `fetch` says `Sec-Fetch-Mode`, as browsers do, and Caddy then wants an origin that it knows: its own address.
        origin: new URL(config.admin).origin,
        ...(etag === undefined ? {} : { 'if-match': etag }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    },
    signal,
    timeoutMs: method === 'GET' ? READ_MS_MAX : WRITE_MS_MAX,
    bytesMax,
  })
}

function kindOfRead({ status }: HttpAnswer): FailureKind {
  return status === 401 || status === 403 ? 'Denied' : 'Missing'
}

function saidBy({ status, body }: HttpAnswer): string {
  const answer = parsed(body)
  const error = answer !== null && isObject(answer) ? answer['error'] : undefined
  if (status === 200) return 'there is nothing at this place of the configuration'
  return `status ${status}: ${excerpt(redactLookalikes(typeof error === 'string' ? error : body))}`
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null // not JSON: the status says what it is
  }
}
