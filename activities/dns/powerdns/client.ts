// PowerDNS' HTTP API (doc.powerdns.com/authoritative/http-api), as far as one record set of one zone needs it.
import { z } from 'zod'
import { type HttpAnswer, exchange } from '../../http.ts'

const TIMEOUT_MS = 4_000 // the deadline the engine gives one call; the API itself answers within milliseconds
const BYTES_MAX = 8 * 1024 * 1024 // servers before 4.6 send the whole zone, whatever was asked for

const SEARCH_RESULTS_MAX = 1_000 // records that carry one name or have it as their content; a name has a handful

const Rrset = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number(),
  records: z.array(z.object({ content: z.string(), disabled: z.boolean().default(false) })).default([]),
  comments: z.array(z.json()).default([]),
})
export type Rrset = z.infer<typeof Rrset>

const ZoneReply = z.object({
  kind: z.string().default(''),
  masters: z.array(z.string()).nullish(),
  rrsets: z.array(Rrset),
})
export type ZonePart = z.infer<typeof ZoneReply>
const SearchReply = z.array(
  z.object({
    object_type: z.string(),
    name: z.string(),
    type: z.string().optional(),
    content: z.string().optional(),
    disabled: z.boolean().optional(),
  }),
)
const ErrorReply = z.object({ error: z.string() })

export interface Api {
  fetch: typeof globalThis.fetch
  url: string
  key: string
  serverId: string
  zone: string
}

/** An answer other than a success, in the API's own words. */
export class ApiError extends Error {
  readonly status: number
  readonly headers: Headers

  constructor(words: string, { status, headers }: HttpAnswer) {
    super(words)
    this.status = status
    this.headers = headers
  }
}

/** An answer that is not what PowerDNS sends: something else listens there. */
export class ForeignAnswer extends Error {}

/** What the zone is, and its record sets at one name, without their disabled records (4.7 leaves them out of filtered replies). */
export async function getName(api: Api, name: string, signal: AbortSignal): Promise<ZonePart> {
  const path = `${zonePath(api)}?${new URLSearchParams({ rrset_name: name })}`
  const reply = await request(api, { what: `reading ${name}`, method: 'GET', path }, signal)
  const parsed = ZoneReply.safeParse(parseJson(reply.body))
  if (!parsed.success) throw new ForeignAnswer('no zone in the answer')
  return { ...parsed.data, rrsets: parsed.data.rrsets.filter((each) => each.name.toLowerCase() === name) }
}

/** Contents of the disabled records of a set. Not every backend can search: those answer with an error. */
export async function getDisabled(
  api: Api,
  record: { name: string; type: string },
  signal: AbortSignal,
): Promise<string[]> {
  const term = { q: record.name.replace(/\.$/, ''), max: String(SEARCH_RESULTS_MAX), object_type: 'record' }
  const path = `${serverPath(api)}/search-data?${new URLSearchParams(term)}`
  const reply = await request(
    api,
    { what: `searching ${record.name} ${record.type}`, method: 'GET', path },
    signal,
  )
  const parsed = SearchReply.safeParse(parseJson(reply.body))
  if (!parsed.success) throw new ForeignAnswer('no search results in the answer')
  return parsed.data
    .filter(
      ({ name, type, disabled }) =>
        disabled === true && type === record.type && name.toLowerCase() === record.name,
    )
    .flatMap(({ content }) => (content === undefined ? [] : [content]))
}

/**
 * Replaces all records of the sets in one request, which PowerDNS carries out as a whole or not at all. Comments that are not
 * sent stay, unless no record stays: then PowerDNS drops them, and they are sent as they were, for the day the records come back.
 */
export async function putRrsets(api: Api, rrsets: readonly Rrset[], signal: AbortSignal): Promise<void> {
  const changed = rrsets.map(({ comments, ...rrset }) => {
    const kept = rrset.records.length === 0 && comments.length > 0 ? { comments } : {}
    return { ...rrset, ...kept, changetype: 'REPLACE' }
  })
  const what = `writing ${rrsets.map(({ name, type }) => `${name} ${type}`).join(', ')}`
  const body = JSON.stringify({ rrsets: changed })
  await request(api, { what, method: 'PATCH', path: zonePath(api), body }, signal)
}

export async function flushCache(api: Api, name: string, signal: AbortSignal): Promise<void> {
  const path = `${serverPath(api)}/cache/flush?${new URLSearchParams({ domain: name })}`
  await request(api, { what: `flushing ${name}`, method: 'PUT', path }, signal)
}

const serverPath = ({ serverId }: Api): string => `/api/v1/servers/${encodeURIComponent(serverId)}`
const zonePath = (api: Api): string => `${serverPath(api)}/zones/${encodeURIComponent(api.zone)}`

interface Request {
  what: string
  method: string
  path: string
  body?: string
}

async function request(
  api: Api,
  { what, method, path, body }: Request,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const reply = await exchange(api.fetch, {
    what: `${what} at ${api.url}`,
    url: `${api.url.replace(/\/+$/, '')}${path}`,
    init: {
      method,
      headers: { 'x-api-key': api.key, accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    },
    signal,
    timeoutMs: TIMEOUT_MS,
    bytesMax: BYTES_MAX,
  })
  if (reply.status >= 200 && reply.status < 300) return reply
  const error = ErrorReply.safeParse(parseJson(reply.body))
  throw new ApiError(error.success ? error.data.error : reply.body, reply)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // plain text, as PowerDNS sends with 401; what it means is judged by the caller
  }
}
