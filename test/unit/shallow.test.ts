// Which health answers say something, by what real frameworks send.
import { describe, expect, it } from 'vitest'
import { shallowness } from '../../activities/probe/http/shallow.ts'

describe('a health answer', () => {
  it.each([
    [
      'Spring Boot with details',
      '{"status":"UP","components":{"db":{"status":"UP"},"diskSpace":{"status":"UP"}}}',
    ],
    ['ASP.NET', '{"status":"Healthy","entries":{"sql":{"status":"Healthy","duration":"00:00:00.01"}}}'],
    ['MicroProfile', '{"status":"UP","checks":[{"name":"db","status":"UP"}]}'],
    ['health+json', '{"status":"pass","checks":{"postgres:connections":[{"observedValue":3}]}}'],
    ['a flat one', '{"status":"ok","database":"up"}'],
    ['Kubernetes, verbose', '[+]ping ok\n[+]etcd ok\nreadyz check passed'],
    ['plain lines', 'status: ok\nredis: ok\n'],
  ])('of %s is deep', (_, body) => {
    expect(shallowness(body)).toBeNull()
  })

  it.each([
    ['Spring Boot without details', '{"status":"UP","groups":["liveness","readiness"]}'],
    ['a version', '{"status":"ok","version":"1.2.3","uptime":12.5,"build":{"commit":"ab12"}}'],
    ['empty containers', '{"status":"ok","checks":{},"details":{}}'],
    ['a word', 'OK'],
    ['true', 'true'],
    ['Kubernetes, verbose, with a ping only', '[+]ping ok\nhealthz check passed'],
    ['a page', '<html><style>\nbody: 0\n</style>Welcome</html>'],
  ])('of %s is shallow', (_, body) => {
    expect(shallowness(body)).toMatch(
      /^the answer names no dependency it looked at \(.+\): it says that something listens/,
    )
  })

  it('without a body is shallow', () => {
    expect(shallowness('')).toBe(
      'the answer has no body: it says that something listens, not that it can work',
    )
    expect(shallowness(null)).toBe(
      'HEAD has no body: the answer says that something listens, not that it can work',
    )
  })
})
