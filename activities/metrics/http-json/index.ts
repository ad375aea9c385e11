// metrics/http-json: one number out of the JSON answer of any endpoint. A query is `<path> <dotted path>`, for example
// `/stats?side=new errors.ratio`. Never follows a redirect, never reads silence as zero.
import type { Json } from '../../../workflows/json.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import type { HttpAnswer } from '../../http.ts'
import { excerpt, exchange, resolveHeaders, retryAfterMs, statusKind } from '../../http.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { redact } from '../../secrets.ts'
import { numberAt } from './number-at.ts'
import { partialReason } from './partial.ts'
import { spec } from './schema.ts'

const ANSWER_BYTES_MAX = 256 * 1024 // an answer for a machine that wants one number
const QUERY = /^(\/\S*)\s+(\S+)$/

export const httpJson = defineProvider({
  spec,
  connect: (config, deps) => ({
    async query(query, io) {
      const [, path, field] = QUERY.exec(query.trim()) ?? []
      if (path === undefined || field === undefined)
        throw failure('Rejected', `not a query: write "/path dotted.path", not ${JSON.stringify(query)}`)
      const at = new Date(deps.now()).toISOString()
      const url = `${config.url.replace(/\/+$/, '')}${path}`
      const { headers, secrets } = await resolveHeaders(config, deps.secrets)
      const answer = await exchange(deps.fetch, {
        what: `read ${url}`,
        url,
        init: { method: 'GET', headers: { ...headers, accept: 'application/json' } },
        signal: io.signal,
        timeoutMs: milliseconds(config.timeout),
        bytesMax: ANSWER_BYTES_MAX,
      })
      if (answer.status !== 200) throw refused(answer, { url, secrets, deps })
      if (answer.isCut) return { kind: 'none', why: 'an answer over 256 KiB', at }
      const json = parse(answer.body)
      if (json === undefined) throw notJson(answer, url)
      const partial = partialReason(json, config)
      if (partial !== null) return { kind: 'none', why: redact(partial, secrets), at }
      const found = numberAt(json, field)
      if (found.kind === 'none') return { kind: 'none', why: found.why, at }
      return { kind: 'value', value: found.value, at, warnings: [] }
    },
  }),
})

function refused(answer: HttpAnswer, asked: { url: string; secrets: string[]; deps: Deps }): Error {
  const kind = statusKind(answer.status)
  const said = excerpt(redact(answer.body, asked.secrets)) || 'no reason given'
  const retry = kind === 'Throttled' ? retryAfterMs(answer.headers, asked.deps.now()) : undefined
  const extras = retry === undefined ? {} : { retryAfterMs: retry }
  return failure(kind, `read ${asked.url}: ${answer.status}: ${said}`, extras)
}

/** A page where JSON was expected is the wrong address; JSON that breaks off is a fault on the way. */
function notJson(answer: HttpAnswer, url: string): Error {
  const type = answer.headers.get('content-type') ?? 'no content type'
  return /\bjson\b/i.test(type)
    ? failure('Unavailable', `read ${url}: the JSON is broken: ${excerpt(answer.body)}`)
    : failure('Config', `read ${url}: not JSON but ${type}; url and path must lead to an endpoint of JSON`)
}

function parse(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json
  } catch {
    return undefined // the caller says what came instead
  }
}
