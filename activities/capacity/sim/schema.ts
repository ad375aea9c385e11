// capacity/sim, offline half: how many instances each side of the simulated world has at the start.
import { z } from 'zod'
import { Duration } from '../../../workflows/scalars.ts'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

const INSTANCES_MAX = 10_000 // a slip of the keyboard, not a fleet
const Instances = z.int().min(0).max(INSTANCES_MAX)

export const SimCapacityConfig = z.strictObject({
  world: WorldName,
  old: Instances.default(2).describe('Instances of the old side at the start, ready'),
  new: Instances.default(2).describe('Instances of the new side at the start, ready'),
  floors: z
    .partialRecord(z.enum(['old', 'new']), Instances)
    .default({})
    .describe('Where a side has an autoscaler: below how many instances it does not go'),
  limit: Instances.default(1_000).describe('More instances of one side than this are refused'),
  warm_up: Duration.default('0s').describe('How long an instance that is started needs until it is ready'),
})
export type SimCapacityConfig = z.infer<typeof SimCapacityConfig>

export const spec = defineSpec({
  id: 'capacity/sim',
  port: 'capacity',
  summary: 'simulated instances',
  config: SimCapacityConfig,
  supports: {
    port: 'capacity',
    compareAndSet: true,
    landsWithin: '200ms',
    showsWithin: '500ms',
    noticesWithin: '1s',
    proof: 'simulated instances counted when their warm-up is over',
    cautions: ['simulated: no real instance is started or stopped'],
  },
  locks: (config, target) => [`sim:${config.world}/capacity/${target}`],
})
