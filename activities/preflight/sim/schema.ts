// preflight/sim, offline half: which side of the simulated world is looked at.
import { z } from 'zod'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

export const CHECKS = ['instances', 'readiness'] as const

export const SimPreflightConfig = z.strictObject({
  world: WorldName,
  side: z.enum(['old', 'new']).default('new').describe('The side that is looked at'),
})
export type SimPreflightConfig = z.infer<typeof SimPreflightConfig>

export const spec = defineSpec({
  id: 'preflight/sim',
  port: 'preflight',
  summary: 'instances and health of the simulated sides',
  config: SimPreflightConfig,
  supports: { port: 'preflight', checks: CHECKS, cautions: ['simulated: no real place is looked at'] },
  locks: () => [],
})
