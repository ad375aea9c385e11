// decommission: prove that a side is idle, ask, take its capacity away. The point of no return.
import { z } from 'zod'
import { WhenUnknown } from '../../guards/schema.ts'
import { Limit, Name, PositiveDuration, ShareOfAll } from '../../scalars.ts'
import { anyStep, connections, decided, enoughPeople, gated } from '../fields.ts'

const IdleProof = z.strictObject({
  from: Name.describe('The metrics connection to ask'),
  query: z.string().min(1).describe('Counts the use of the side; no data is not a proof'),
  max: Limit.default(0).describe('Idle means at most this'),
  for: PositiveDuration.default('1h').describe('It must have been idle for so long without a break'),
  every: PositiveDuration.default('60s').describe('Time between checks'),
  when_unknown: WhenUnknown,
})

const Carries = z
  .strictObject({
    from: Name.describe('The metrics connection to ask'),
    load: z
      .string()
      .min(1)
      .describe('Counts the load of the whole service, both sides; no data is no small load'),
    per_instance: z.number().positive().describe('What one instance carries, in the unit of the load'),
    headroom: ShareOfAll.default('20%').describe('Part of that which is kept free'),
    every: PositiveDuration.default('60s').describe('Time between checks'),
    when_unknown: WhenUnknown,
  })
  .describe('Goes on only while the instances that remain carry the load')

export const Decommission = z
  .strictObject({
    ...anyStep,
    connection: connections('The capacity connection'),
    side: z.enum(['old', 'new']).default('old'),
    idle_proof: IdleProof,
    carries: Carries.optional(),
    restore_within: PositiveDuration.default('7d').describe(
      'How long the recorded way to restore it by hand is good for',
    ),
    ...decided,
    ...gated,
  })
  .superRefine(enoughPeople)
  .describe('Prove that a side is idle, ask, and take its capacity away: the point of no return')
export type Decommission = z.infer<typeof Decommission>
