// probe/sim, offline half: which side of the simulated world is asked.
import { z } from 'zod'
import { defineSpec } from '../../provider.ts'
import { Name } from '../../../workflows/scalars.ts'
import { WorldName } from '../../sim/fields.ts'

export const SimProbeConfig = z.strictObject({
  world: WorldName,
  side: z.enum(['old', 'new']).default('new').describe('The side that is asked'),
  balancer: Name.exactOptional().describe(
    'Asks through this balancer, as users do: its cohort and its weights decide which side answers, and the answer says it',
  ),
  body: z
    .record(z.string(), z.json())
    .default({})
    .describe('What a good answer says besides the health of the side, such as { service: orders }'),
})
export type SimProbeConfig = z.infer<typeof SimProbeConfig>

export const spec = defineSpec({
  id: 'probe/sim',
  port: 'probe',
  summary: 'answers of the simulated sides',
  config: SimProbeConfig,
  supports: { port: 'probe', cautions: ['simulated: no real service is asked'] },
  locks: () => [],
})
