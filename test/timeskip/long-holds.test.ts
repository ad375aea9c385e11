// Days of holding, in seconds: what a long run costs in history, and that a hold costs nothing while nothing happens.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Days } from './days.ts'
import { passDays } from './days.ts'

const HOUR_MS = 3_600_000
const EVENTS_MAX = 300 // far below the server's first suggestion to begin anew (4,096): a run stays one page in the UI
const ROUNDING_MS = 2_000 // moments are read in whole seconds
const LOOKS_PER_DAY_MIN = 150 // of a guard looked at every seven minutes; each look asks twice

let oneDay: Days
let threeDays: Days
beforeAll(async () => {
  oneDay = await passDays('day', tenSteps('day', '24h'))
  threeDays = await passDays('days', tenSteps('days', '72h'))
})

describe('a run of ten steps with a hold of three days', () => {
  it('is completed, and took as long as it was told', () => {
    expect(threeDays.result.outcome).toBe('completed')
    expect(threeDays.steps).toBe(10)
    expect(threeDays.lastedMs).toBeGreaterThan(72 * HOUR_MS)
    expect(threeDays.lastedMs).toBeLessThan(78 * HOUR_MS)
  })

  it('has a short history', () => {
    console.log(`10 steps, 72 h: ${threeDays.events} events, ${threeDays.looks} questions to the metrics`)
    expect(threeDays.events).toBeLessThanOrEqual(EVENTS_MAX)
  })

  it('was watched all the time', () => {
    expect(threeDays.looks - oneDay.looks).toBeGreaterThanOrEqual(2 * LOOKS_PER_DAY_MIN)
  })

  it('writes nothing while nothing happens: no event from the beginning of the hold to its end', () => {
    expect(threeDays.silenceMs).toBeGreaterThanOrEqual(72 * HOUR_MS - ROUNDING_MS)
    expect(oneDay.silenceMs).toBeGreaterThanOrEqual(24 * HOUR_MS - ROUNDING_MS)
    expect(oneDay.silenceMs).toBeLessThan(25 * HOUR_MS)
  })
})

/** The intervals divide no hold: that server loses its way when a look is due at the instant a hold ends. */
function tenSteps(name: string, hold: string): string {
  const record = 'api.example.com. A'
  return `cutover: v1
service: ${name}
notify: [pager]
connections:
  edge: { provider: traffic/sim, world: ${name}, rate: 1000/s }
  fleet: { provider: capacity/sim, world: ${name}, old: 3, new: 1 }
  zone:
    provider: dns/sim
    world: ${name}
    zone: example.com.
    records: { "${record}": { ttl: 3600, values: [192.0.2.10] } }
  prom: { provider: metrics/sim, world: ${name} }
  front: { provider: probe/sim, world: ${name}, side: new }
  pager: { provider: notify/sim, world: ${name} }
guards:
  errors:
    from: prom
    query: error_ratio($side, 5m)
    samples: requests($side, 5m)
    max: 1%
    every: 431s
    min_samples: 1
steps:
  - announce: { connection: pager, text: days will pass }
  - approve: { people: [ana], expires: 8h, guards: [] }
  - check: { connection: front, requests: [{ path: /healthz/ready, deep: true }] }
  - prewarm: { connection: fleet, factor: 1, ready_within: 10m, guards: [] }
  - ttl: { connection: zone, records: ["${record}"], to: 60s, resolvers: [198.51.100.1], guards: [] }
  - shadow: { connection: edge, percent: 20%, for: 29m, samples: 0 }
  - canary: { connection: edge, weights: [5%, 25%, 50%], hold: 19m, samples: 0 }
  - switch: { connection: edge, hold: 29m, samples: 0 }
  - repoint: { connection: zone, records: { "${record}": [192.0.2.20] }, hold: 19m, resolvers: [198.51.100.1] }
  - hold: { for: ${hold} }
`
}
