// drain: wait until a side that users have left has finished what it had begun, as the edge counts it or a query does.
import { z } from 'zod'
import { InARow, Name, PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'

const Counted = z
  .strictObject({
    from: Name.describe('The metrics connection to ask'),
    query: z
      .string()
      .min(1)
      .describe('Counts what the side has in flight, a gauge of the application say; no data is not nothing'),
    for: PositiveDuration.default('30s').describe(
      'It must have been low enough for so long without a break; longer than an answer can be old (the scrape interval)',
    ),
  })
  .describe('For edges that cannot count it themselves: a query that does')

export const Drain = z
  .strictObject({
    ...anyStep,
    connection: connections(
      'The traffic connection; its provider must be able to count what is in flight, or `in_flight` does',
    ),
    side: z.enum(['old', 'new']).default('old').describe('The side that is left'),
    in_flight: Counted.optional(),
    most: z.int().min(0).default(0).describe('So many requests and tunnels may be left'),
    within: PositiveDuration.default('30s').describe(
      'How long what has begun may take to end; the `for` of a query comes on top',
    ),
    every: PositiveDuration.default('1s').describe('Time between counts'),
    good: InARow.default('3 in a row').describe(
      'Consecutive counts of the edge that are low enough; a query has `for` instead',
    ),
    on_timeout: z
      .enum(['ask', 'go_on'])
      .default('ask')
      .describe('What happens when more is left after that time: ask a person, or go on and write it down'),
  })
  .describe('Wait until a side that users have left has finished what it had begun')
export type Drain = z.infer<typeof Drain>
