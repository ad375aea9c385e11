// metrics/sim, offline half: what can be asked of the simulated world, and how its sides behave at the start.
import { z } from 'zod'
import { PositiveDuration, Rate, ShareOfAll } from '../../../workflows/scalars.ts'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

const SideStart = z
  .strictObject({
    errors: ShareOfAll.default('0%').describe('Share of the answers that are errors'),
    latency: PositiveDuration.default('80ms').describe('95th percentile of the answering time'),
    rate_per_instance: Rate.default('100/s').describe(
      'What one ready instance carries; saturation is relative to it',
    ),
  })
  .prefault({})

export const SimMetricsConfig = z.strictObject({
  world: WorldName,
  window: z
    .union([PositiveDuration, z.literal('as asked')])
    .default('as asked')
    .describe('Replaces the window that queries name, for runs in fast motion'),
  old: SideStart.describe('The old side at the start'),
  new: SideStart.describe('The new side at the start'),
  noise: ShareOfAll.default('0%').describe('How far readings other than counts stray'),
  seed: z.int().default(1).describe('Equal seeds, equal noise'),
})
export type SimMetricsConfig = z.infer<typeof SimMetricsConfig>

export const spec = defineSpec({
  id: 'metrics/sim',
  port: 'metrics',
  summary: 'readings of the simulated sides',
  config: SimMetricsConfig,
  supports: {
    port: 'metrics',
    language: 'text',
    cautions: [
      'simulated: readings follow the simulated traffic; PromQL is recognised by metric and side, not evaluated',
    ],
  },
  locks: () => [],
})
