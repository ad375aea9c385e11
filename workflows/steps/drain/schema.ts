// drain: wait until a side that users have left has finished what it had begun.
import { z } from 'zod'
import { InARow, PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'

export const Drain = z
  .strictObject({
    ...anyStep,
    connection: connections('The traffic connection; its provider must be able to count what is in flight'),
    side: z.enum(['old', 'new']).default('old').describe('The side that is left'),
    most: z.int().min(0).default(0).describe('So many requests and tunnels may be left'),
    within: PositiveDuration.default('30s').describe('How long what has begun may take to end'),
    every: PositiveDuration.default('1s').describe('Time between counts'),
    good: InARow.default('3 in a row').describe('Consecutive counts that are low enough'),
    on_timeout: z
      .enum(['ask', 'go_on'])
      .default('ask')
      .describe('What happens when more is left after that time: ask a person, or go on and write it down'),
  })
  .describe('Wait until a side that users have left has finished what it had begun')
export type Drain = z.infer<typeof Drain>
