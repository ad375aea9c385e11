// prewarm: scale a side before users arrive, wait until it is ready, warm its caches at a bounded rate.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { Warm, anyStep, connections } from '../fields.ts'

export const Prewarm = z
  .strictObject({
    ...anyStep,
    connection: connections('The capacity connection'),
    side: z.enum(['old', 'new']).default('new'),
    factor: z.number().positive().max(100).default(2).describe('Capacity as a multiple of that of `of`'),
    of: z.enum(['old', 'new']).default('old').describe('The side whose present capacity is multiplied'),
    ready_within: PositiveDuration.default('10m').describe('Go back when the side is not ready by then'),
    warm: Warm.optional(),
  })
  .describe('Scale a side ahead of the traffic, wait until it is ready, warm its caches')
export type Prewarm = z.infer<typeof Prewarm>
