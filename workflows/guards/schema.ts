// What a runbook may say of a guard: a number that is watched while steps run, and what its breach means.
import { z } from 'zod'
import { DURATION, milliseconds } from '../quantities.ts'
import { Duration, InARow, Limit, Name, PositiveDuration, Share, Unit } from '../scalars.ts'

const Compare = z
  .strictObject({
    to: z.literal('old').describe('The side to compare with, asked the same query at the same moment'),
    increase_max: Share.optional().describe('How much higher than the other side, relative to it'),
    difference_max: Limit.optional().describe(
      'How much higher than the other side, in the unit of the query',
    ),
  })
  .refine((compare) => compare.increase_max !== undefined || compare.difference_max !== undefined, {
    message: 'a comparison needs a limit: increase_max (relative) or difference_max (absolute)',
  })

export const WhenUnknown = z
  .strictObject({
    for: Duration.default('2m').describe(
      'Patience: how long the reading may be unknown before something is done',
    ),
    do: z.enum(['hold', 'unwind']).default('hold').describe('hold = stay at this weight and ask a person'),
  })
  .prefault({})

export const Guard = z
  .strictObject({
    from: Name.describe('The metrics connection to ask'),
    query: z
      .string()
      .min(1)
      .describe(
        'One number; $side is replaced by old or new. No comparison without bool, no or of what is always there',
      ),
    samples: z
      .string()
      .min(1)
      .optional()
      .describe('A query that counts what the reading rests on, for min_samples'),
    side: z
      .enum(['old', 'new'])
      .default('new')
      .describe('The side that is judged; watched only while it is served traffic'),
    of: Name.optional().describe(
      'The edge whose users it judges; default: all users, through whichever edge they come',
    ),
    max: Limit.optional().describe('Bad above this: 0.5%, 800ms or a number in the unit of the query'),
    min: Limit.optional().describe('Bad below this'),
    unit: Unit.optional().describe('What the query counts in, where a limit is a duration; default: seconds'),
    compare: Compare.optional().describe('Bad when worse than the other side by more than this'),
    breach: InARow.default('3 in a row').describe('So many bad checks in a row send the run back'),
    every: PositiveDuration.default('60s').describe('Time between checks'),
    recheck: PositiveDuration.optional().describe(
      'Time to the next check while the last one was bad; not below what the metrics need for a new sample; default: every',
    ),
    min_samples: z
      .int()
      .min(0)
      .default(0)
      .describe('Fewer samples than this: the reading is unknown, never good'),
    when_unknown: WhenUnknown,
    dry_run: z.boolean().default(false).describe('Measured and reported, never acted on'),
  })
  .refine((guard) => guard.max !== undefined || guard.min !== undefined || guard.compare !== undefined, {
    message: 'a guard needs a number: max, min or compare',
  })
  .refine(
    ({ recheck, every }) =>
      recheck === undefined ||
      ![recheck, every].every((text) => DURATION.test(text)) ||
      milliseconds(recheck) <= milliseconds(every),
    {
      message: 'a check that was bad is made again sooner than a good one, never later',
      path: ['recheck'],
    },
  )
  .refine((guard) => guard.min_samples === 0 || guard.samples !== undefined, {
    message: 'min_samples needs a samples query that counts them',
    path: ['min_samples'],
  })

export type Guard = z.infer<typeof Guard>
