// notify/webhook: posts one notice, signed and bounded. Sends once; whether it is tried again is the engine's business.
import { milliseconds } from '../../../workflows/quantities.ts'
import { isSecretReference } from '../../config.ts'
import { failure } from '../../failure.ts'
import { excerpt, exchange, retryAfterMs, statusKind } from '../../http.ts'
import { defineProvider } from '../../provider.ts'
import { redact } from '../../secrets.ts'
import { bodyOf, signature } from './body.ts'
import { spec } from './schema.ts'

const ANSWER_BYTES_MAX = 4 * 1024 // only a reason for refusal is read

export const webhook = defineProvider({
  spec,
  connect: (config, deps) => ({
    async send(notice, io) {
      const what = `notify ${config.url}` // as the runbook says it: a secret address stays a reference
      const url = isSecretReference(config.url) ? await deps.secrets.read(config.url) : config.url
      const secrets = url === config.url ? [] : [url, ...pathOf(url, config.url)]
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
  }),
})

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
