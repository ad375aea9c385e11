// check: ask a service questions before the run goes on: deep readiness, a synthetic journey.
import { z } from 'zod'
import { InARow, Name, PositiveDuration } from '../../scalars.ts'
import { Request, anyStep } from '../fields.ts'

export const Check = z
  .strictObject({
    ...anyStep,
    connection: Name.describe('The probe connection to ask'),
    requests: z.array(Request).min(1).describe('Made one after the other; all must be good'),
    good: InARow.default('1 in a row').describe('How often in a row the whole journey must be good'),
    every: PositiveDuration.default('5s').describe('Time between attempts'),
    within: PositiveDuration.default('1m').describe('Go back when it is not good by then'),
  })
  .describe('Ask a service questions and go on only when its answers are good')
export type Check = z.infer<typeof Check>
