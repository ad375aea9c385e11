// hold: stay where we are for a long time, watched, with synthetic journeys.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { Journey, anyStep, gated } from '../fields.ts'

export const Hold = z
  .strictObject({
    ...anyStep,
    for: PositiveDuration.describe('How long'),
    journeys: z.array(Journey).default([]).describe('Synthetic journeys made meanwhile'),
    ...gated,
  })
  .describe('Stay as things are, under watch')
export type Hold = z.infer<typeof Hold>
