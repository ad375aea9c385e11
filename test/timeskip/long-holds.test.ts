// Days of holding, in seconds: what a long run costs in history, and that a hold costs nothing while nothing happens.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Days } from './days.ts'
import { passDays } from './days.ts'
import { tenSteps } from './ten-steps.ts'

const HOUR_MS = 3_600_000
const EVENTS_MAX = 300 // far below the server's first suggestion to begin anew (4,096): a run stays one page in the UI
const ROUNDING_MS = 2_000 // moments are read in whole seconds
const EVERY = '431s'
const QUESTIONS_PER_DAY_MIN = 250 // of 600 by the interval: that server lets more time pass between looks than was asked for

let oneDay: Days
let threeDays: Days
beforeAll(async () => {
  oneDay = await passDays('day', tenSteps('day', { hold: '24h', every: EVERY }))
  threeDays = await passDays('days', tenSteps('days', { hold: '72h', every: EVERY }))
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
    expect(threeDays.looks - oneDay.looks).toBeGreaterThanOrEqual(2 * QUESTIONS_PER_DAY_MIN)
  })

  it('writes nothing while nothing happens: no event from the beginning of the hold to its end', () => {
    expect(threeDays.silenceMs).toBeGreaterThanOrEqual(72 * HOUR_MS - ROUNDING_MS)
    expect(oneDay.silenceMs).toBeGreaterThanOrEqual(24 * HOUR_MS - ROUNDING_MS)
    expect(oneDay.silenceMs).toBeLessThan(25 * HOUR_MS)
  })
})
