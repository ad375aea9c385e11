// A month in which evidence comes and goes every quarter of an hour: people are asked a few times, not each time, and neither
// history nor state grows with it.
import { beforeAll, describe, expect, it } from 'vitest'
import type { World } from '../../activities/sim/world.ts'
import type { Days } from './days.ts'
import { passDays } from './days.ts'

const DAY_MS = 86_400_000
const QUARTER_MS = 900_000
const EVENTS_MAX = 400 // of what would be 1,440 questions of some 25 events each
const STATE_BYTES_MAX = 500_000
const TEST_MS = 600_000 // some 9,000 looks

const runbook = (name: string) => `cutover: v1
service: ${name}
connections:
  edge: { provider: traffic/sim, world: ${name}, rate: 1000/s }
  prom: { provider: metrics/sim, world: ${name} }
guards:
  errors:
    from: prom
    query: error_ratio($side, 5m)
    max: 1%
    every: 293s
    when_unknown: { for: 4m, do: hold }
steps:
  - approve: { people: [ana], expires: 8h, guards: [] }
  - switch: { connection: edge, hold: 11m, samples: 0, guards: [], unwatched: tried without guards }
  - hold: { for: 30d }
`

let month: Days
beforeAll(async () => {
  const outage: { over: (() => void) | null } = { over: null }
  month = await passDays('month', runbook('month'), (world: World, sinceStartMs) => {
    const isAway = sinceStartMs < 30 * DAY_MS && Math.floor(sinceStartMs / QUARTER_MS) % 2 === 1
    if (isAway) outage.over ??= world.outage('metrics').end
    else {
      outage.over?.()
      outage.over = null
    }
  })
}, TEST_MS)

describe('a hold of a month whose evidence comes and goes', () => {
  it('ends by itself when the evidence has come to stay', () => {
    expect(month.result.outcome).toBe('completed')
    expect(month.lastedMs).toBeGreaterThan(30 * DAY_MS)
    expect(month.lastedMs).toBeLessThan(32 * DAY_MS)
  })

  it('asks people a few times, then leaves the question open', () => {
    expect(month.asked).toBeGreaterThanOrEqual(4)
    expect(month.asked).toBeLessThanOrEqual(12)
  })

  it('stays small', () => {
    console.log(
      `a month: ${month.events} events, ${month.stateBytes} bytes of state, ${month.looks} questions`,
    )
    expect(month.events).toBeLessThanOrEqual(EVENTS_MAX)
    expect(month.stateBytes).toBeLessThanOrEqual(STATE_BYTES_MAX)
    expect(month.looks).toBeGreaterThan(2_000)
  })
})
