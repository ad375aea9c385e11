// metrics/prometheus: one number for one PromQL query, or why there is none. Never reads silence as zero.
import type { FailureKind } from '../../../workflows/failure.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { excerpt, resolveHeaders, retryAfterMs, statusKind } from '../../http.ts'
import type { HttpAnswer } from '../../http.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { redact } from '../../secrets.ts'
import { type InstantQuery, type Method, type QueryAnswer, instantQuery } from './client.ts'
import { toMeasurement } from './measurement.ts'
import { type PrometheusConfig, spec } from './schema.ts'

// As Prometheus' own clients do: a proxy that lets readers GET only says one of these to a POST.
const METHOD_REFUSED = new Set([403, 405, 501])

export const prometheus = defineProvider({
  spec,
  connect(config, deps) {
    let method: Method = 'POST' // GET once that was what got through
    return {
      async query(query, io) {
        const atMs = deps.now() - milliseconds(config.delay)
        const at = new Date(atMs).toISOString()
        const { headers, secrets } = await resolveHeaders(config, deps.secrets)
        const timeoutMs = milliseconds(config.timeout)
        const asked = { url: config.url, headers, query, atMs, timeoutMs, signal: io.signal }
        const { answer, refusedPost } = await askedEitherWay(deps.fetch, asked, method)
        const isAnswered = answer.status === 200 && answer.parsed?.status === 'success'
        if (isAnswered) method = answer.method
        else if (answer.method === 'GET' && METHOD_REFUSED.has(answer.status)) method = 'POST'
        if (answer.isCut) return { kind: 'none', why: 'an answer over 1 MiB: aggregate with sum()', at }
        if (answer.status === 200 && answer.parsed?.status === 'success')
          return toMeasurement(answer.parsed, at)
        throw refused(answer, { config, deps, secrets, query, refusedPost })
      },
    }
  },
})

/** By POST, and by GET where POST is refused; `refusedPost` is the answer to that POST. */
async function askedEitherWay(
  fetch: Deps['fetch'],
  asked: Omit<InstantQuery, 'method'>,
  method: Method,
): Promise<{ answer: QueryAnswer; refusedPost: HttpAnswer | null }> {
  const answer = await instantQuery(fetch, { ...asked, method })
  if (method === 'GET' || !METHOD_REFUSED.has(answer.status)) return { answer, refusedPost: null }
  return { answer: await instantQuery(fetch, { ...asked, method: 'GET' }), refusedPost: answer }
}

interface QueryRequest {
  config: PrometheusConfig
  deps: Deps
  secrets: string[]
  query: string
  /** What a POST of the same query was answered before GET was tried. */
  refusedPost: HttpAnswer | null
}

/** The failure for an answer that is not a result. Their words follow ours, without secrets, on one line. */
function refused(answer: QueryAnswer, asked: QueryRequest): Error {
  const tried = `query Prometheus at ${asked.config.url}`
  const theirs = answer.parsed?.status === 'error' ? answer.parsed : null
  const words = excerpt(redact(theirs === null ? answer.body : theirs.error, asked.secrets))
  const kind = kindOfAnswer(answer, theirs?.errorType)
  const code = `${answer.status}${theirs === null ? '' : ` ${theirs.errorType}`}`
  const said =
    asked.refusedPost === null
      ? `${tried}: ${code}`
      : `${tried}: POST was refused (${asked.refusedPost.status}), GET too: ${code}`
  switch (kind) {
    case 'Rejected':
      return failure(kind, `${said}: ${words}; the query was: ${excerpt(redact(asked.query, asked.secrets))}`)
    case 'Denied':
      return failure(
        kind,
        `${said}: ${words || 'no reason given'}; token or headers must allow reading queries`,
      )
    case 'Throttled': {
      const retry = retryAfterMs(answer.headers, asked.deps.now())
      return failure(kind, `${said}: too many queries`, retry === undefined ? {} : { retryAfterMs: retry })
    }
    case 'Config': {
      if (asked.refusedPost !== null)
        return failure(
          kind,
          `${said}: ${words || 'no reason given'}; one of the two must reach /api/v1/query`,
        )
      const type = answer.headers.get('content-type') ?? 'no content type'
      const location = answer.headers.get('location')
      const hint = location === null ? `not a Prometheus API (${type})` : `moved to ${excerpt(location)}`
      return failure(kind, `${said}: ${hint}; url must be what comes before /api/v1/query`)
    }
    default:
      return failure(kind, `${said}: ${words || 'no reason given'}`)
  }
}

function kindOfAnswer(answer: QueryAnswer, errorType: string | undefined): FailureKind {
  if (errorType === 'bad_data' || errorType === 'execution') return 'Rejected'
  if (errorType === 'timeout' || errorType === 'canceled' || errorType === 'unavailable') return 'Unavailable'
  if (answer.status === 200) return isJson(answer.headers) ? 'Unavailable' : 'Config' // JSON broken on the way, or not the API at all
  // A 400 without the API's own words comes from something else in front of it (plain HTTP to a TLS port, say).
  return answer.status === 400 && errorType === undefined ? 'Config' : statusKind(answer.status)
}

function isJson(headers: Headers): boolean {
  return /\bjson\b/i.test(headers.get('content-type') ?? '')
}
