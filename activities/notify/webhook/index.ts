// notify/webhook: posts one notice, signed and bounded. Sends once; whether it is tried again is the engine's business.
import { milliseconds } from '../../../workflows/quantities.ts'
import { isSecretReference } from '../../config.ts'
import { failure } from '../../failure.ts'
import { excerpt, exchange, retryAfterMs, statusKind } from '../../http.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { redact } from '../../secrets.ts'
import { bodyOf, signature } from './body.ts'
import { type WebhookConfig, spec } from './schema.ts'

const ANSWER_BYTES_MAX = 4 * 1024 // only a reason for refusal is read

export const webhook = defineProvider({
  spec,
  connect: (config, deps) => ({
    async send(notice, io) {
      const { what, url, secrets } = await addressOf(config, deps)
      const body = bodyOf(notice, config.format)
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'idempotency-key': encodeURIComponent(notice.key.toWellFormed()),
        'user-agent': 'cutover',
      }
      if (config.secret !== undefined) {
        const secret = await deps.secrets.read(config.secret)
        secrets.push(secret)
        headers['x-cutover-signature'] = signature(body, secret, deps.now())
      }
      const answer = await exchange(deps.fetch, {
        what,
        url,
        init: { method: 'POST', headers, body },
        signal: io.signal,
        timeoutMs: milliseconds(config.timeout),
        bytesMax: ANSWER_BYTES_MAX,
      })
      if (answer.status >= 200 && answer.status < 300) return
      const kind = answer.status === 404 ? 'Config' : statusKind(answer.status)
      const retry = kind === 'Throttled' ? retryAfterMs(answer.headers, deps.now()) : undefined
      const words = excerpt(redact(answer.body, secrets)) || 'no reason given'
      const extras = retry === undefined ? {} : { retryAfterMs: retry }
      throw failure(kind, `${what}: ${answer.status} ${words}`, extras)
    },
    /** OPTIONS is safe and says nothing to anybody (RFC 9110, 9.3.7); many receivers know only POST, so any answer will do. */
    async reach(io) {
      const { what, url } = await addressOf(config, deps)
      if (config.secret !== undefined) await deps.secrets.read(config.secret)
      const { status } = await exchange(deps.fetch, {
        what,
        url,
        init: { method: 'OPTIONS', headers: { 'user-agent': 'cutover' } },
        signal: io.signal,
        timeoutMs: milliseconds(config.timeout),
        bytesMax: ANSWER_BYTES_MAX,
      })
      return `${config.url} answers (${status} to OPTIONS); nothing was posted, so whether it accepts a notice is not known`
    },
  }),
})

type Address = { what: string; url: string; secrets: string[] }

/** Messages say the address as the runbook does: a secret one stays a reference. */
async function addressOf(config: WebhookConfig, deps: Deps): Promise<Address> {
  const what = `notify ${config.url}`
  const url = isSecretReference(config.url) ? await deps.secrets.read(config.url) : config.url
  return { what, url, secrets: url === config.url ? [] : [url, ...pathOf(url, config.url)] }
}

/** The secret part of an address on its own: servers repeat paths in their answers. Raises Config. */
function pathOf(url: string, reference: string): string[] {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw failure('Config', `notify ${reference}: what it holds is not an http(s) address`)
  }
  const { pathname, search, username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw failure('Config', `notify ${reference}: an address with user and password cannot be posted to`) // fetch refuses it
  }
  return [`${pathname}${search}`, pathname].filter((text) => text.length > 1)
}
