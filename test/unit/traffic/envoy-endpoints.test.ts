// Every endpoint that is to serve is seen to serve, however many requests its cluster was given.
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../../activities/envoy/admin.ts'
import { confirmEndpoints } from '../../../activities/traffic/envoy/endpoints.ts'

const SETTLED = { settled: true, lines: ['new 25 %'], memory: { desired: 1 } }
const endpoint = (port: number, requests: number, more: Partial<Endpoint> = {}): Endpoint => ({
  address: `127.0.0.1:${port}`,
  place: '///0',
  requests,
  troubles: [],
  ...more,
})

/** One look after the other; the first one begins. */
function looks(...all: Endpoint[][]) {
  return all.reduce(
    (before, v2, at) =>
      confirmEndpoints({ ...SETTLED, memory: before.memory ?? {} }, { v2 }, { isFirst: at === 0 }),
    SETTLED as ReturnType<typeof confirmEndpoints>,
  )
}

describe('endpoints of a cluster with a share', () => {
  it('prove nothing while one of them was given no request, and are named', () => {
    expect(looks([endpoint(1, 7), endpoint(2, 900)], [endpoint(1, 7), endpoint(2, 950)])).toMatchObject({
      settled: false,
      lines: ['new 25 %', '1 of 2 endpoints of v2 was given no request: 127.0.0.1:1'],
    })
  })

  it('are proven once each was given one, in whichever look, and cost no memory then', () => {
    const seen = looks(
      [endpoint(1, 7), endpoint(2, 900)],
      [endpoint(1, 8), endpoint(2, 900)],
      [endpoint(1, 8), endpoint(2, 901)],
    )
    expect(seen).toEqual({ ...SETTLED, memory: { desired: 1, endpoints: { v2: {} } } })
  })

  it('that came later must be seen too; one that has gone is not waited for', () => {
    const [first, second] = [
      [endpoint(1, 7), endpoint(2, 900)],
      [endpoint(2, 950), endpoint(3, 0)],
    ]
    expect(looks(first, second).lines.at(-1)).toBe('1 of 2 endpoints of v2 was given no request: 127.0.0.1:3')
    expect(looks(first, second, [endpoint(2, 950), endpoint(3, 1)]).settled).toBe(true)
  })

  it('are not waited for while they are unhealthy, or in a place to which Envoy sends nobody', () => {
    const sick = endpoint(1, 0, { troubles: ['failed active health check'] })
    const spare = [endpoint(3, 0, { place: '///1' }), endpoint(4, 0, { place: 'eu/b//0' })]
    expect(looks([sick, endpoint(2, 0), ...spare], [sick, endpoint(2, 1), ...spare]).settled).toBe(true)
  })

  it('are too many to be looked at one by one from a hundred on, which is said', () => {
    const fleet = Array.from({ length: 101 }, (_, at) => endpoint(at, 0))
    expect(looks(fleet, fleet)).toEqual({
      settled: true,
      lines: ['new 25 %', 'the 101 endpoints of v2 are not looked at one by one'],
      memory: { desired: 1, endpoints: {} },
    })
  })
})
