// Refusals of the Kubernetes API that a test cannot bring about on a server of its own: one that is overloaded, one that has
// forgotten, one behind a proxy. The bodies are as the API server writes them (1.35).
import { describe, expect, it } from 'vitest'
import { refusal } from '../../../activities/kubernetes/answers.ts'

function told(status: number, body: object | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = { status, headers: new Headers(headers), body: text, isCut: false }
  return refusal({ what: 'reading', answer, secrets: ['s3cret'], now: 0 })
}
const statusOf = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  reason,
  code,
})

describe('an API server', () => {
  it('that is overloaded is asked again when it says', () => {
    const said = statusOf(429, 'TooManyRequests', 'Too many requests, please try again later.')
    expect(told(429, said, { 'retry-after': '2' })).toMatchObject({
      type: 'Throttled',
      nextRetryDelay: 2_000,
    })
    expect(told(429, 'Too many requests, please try again later.', { 'retry-after': '1' })).toMatchObject({
      type: 'Throttled',
      nextRetryDelay: 1_000,
    })
  })

  it('that has forgotten what was looked at, or did not finish, is asked again', () => {
    expect(told(410, statusOf(410, 'Expired', 'too old resource version'))).toMatchObject({
      type: 'Unavailable',
    })
    expect(
      told(504, statusOf(504, 'Timeout', 'request did not complete within the allotted timeout')),
    ).toMatchObject({ type: 'Unavailable' })
    const webhook = 'Internal error occurred: failed calling webhook "x": connection refused'
    expect(told(500, statusOf(500, 'InternalError', webhook))).toMatchObject({ type: 'Unavailable' })
  })

  it('is not taken for one that a proxy or another server stands for; no secret is quoted', () => {
    expect(told(302, '', { 'content-type': 'text/html' })).toMatchObject({
      type: 'Config',
      message: 'reading: 302: this is no Kubernetes API (text/html): no reason given',
    })
    expect(told(502, '<html>s3cret</html>')).toMatchObject({
      type: 'Unavailable',
      message: 'reading: 502 <html>[secret]</html>',
    })
    expect(told(403, '<html>no</html>')).toMatchObject({ type: 'Denied' })
  })
})
