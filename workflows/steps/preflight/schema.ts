// preflight: look whether a place is fit for users before any of them is led to it.
import { z } from 'zod'
import { InARow, Name, PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'

const Reason = z.string().trim().min(1).max(500)

export const Preflight = z
  .strictObject({
    ...anyStep,
    connection: connections('The preflight connection to look through'),
    instances: z
      .int()
      .min(1)
      .optional()
      .describe(
        'So many instances the run is going to need there at most; default: as many as are wanted now',
      ),
    factor: z
      .number()
      .positive()
      .max(100)
      .optional()
      .describe(
        'Or so many times the number of now, of the side that its connection names: as the prewarm behind it says it',
      ),
    drain: PositiveDuration.default('30s').describe(
      'How long an instance that is taken away may need to end what it has begun',
    ),
    accept: z
      .record(Name, Reason)
      .default({})
      .describe('Checks whose findings do not stop the run -> why; they are told all the same'),
    good: InARow.default('1 in a row').describe('How often in a row nothing may stand in the way'),
    every: PositiveDuration.default('5s').describe('Time between looks'),
    within: PositiveDuration.default('1m').describe('Go back when something still stands in the way by then'),
  })
  .refine(({ instances, factor }) => instances === undefined || factor === undefined, {
    message: 'instances and factor exclude each other',
    path: ['factor'],
  })
  .describe('Look whether a place is fit for users, and go on only when nothing stands in the way')
export type Preflight = z.infer<typeof Preflight>
