// What an answer of PowerDNS' API means in our kinds of failure. Its words are shown, the key never.
import { failure } from '../../failure.ts'
import { excerpt, retryAfterMs } from '../../http.ts'
import { redact } from '../../secrets.ts'
import { type Api, ApiError, ForeignAnswer } from './client.ts'

export interface CallContext {
  /** What was tried, such as `reading api.example.com. A`. */
  what: string
  api: Api
  now: number
}

/** Failures below HTTP and the signal's reason are passed on as they are. */
export function failureOf(error: unknown, { what, api, now }: CallContext): unknown {
  if (error instanceof ForeignAnswer) {
    return failure('Config', `${what} at ${api.url}: the answer does not come from PowerDNS' API: check url`)
  }
  if (!(error instanceof ApiError)) return error
  const words = excerpt(redact(error.message, [api.key]))
  const said = `${what} at ${api.url}: ${error.status}${words === '' ? '' : ` ${JSON.stringify(words)}`}`
  switch (true) {
    case error.status === 401 || error.status === 403:
      return failure('Denied', `${said}: check api_key, and webserver-allow-from on the server`)
    case error.status === 404:
      return failure(
        'Missing',
        `${said}: there is no zone ${api.zone} on the server ${JSON.stringify(api.serverId)}: check zone and server_id`,
      )
    case error.status === 429: {
      const wait = retryAfterMs(error.headers, now)
      return failure('Throttled', said, wait === undefined ? {} : { retryAfterMs: wait })
    }
    case error.status >= 500:
      return failure('Unavailable', said)
    case error.status < 400:
      return failure('Config', `${said}: a redirect is not followed: check url`)
    default:
      return failure('Rejected', said)
  }
}
