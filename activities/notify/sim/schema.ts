// notify/sim, offline half: notices are kept in the simulated world.
import { z } from 'zod'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

export const SimNotifyConfig = z.strictObject({ world: WorldName })
export type SimNotifyConfig = z.infer<typeof SimNotifyConfig>

export const spec = defineSpec({
  id: 'notify/sim',
  port: 'notify',
  summary: 'notices kept in the simulated world',
  config: SimNotifyConfig,
  supports: { port: 'notify', cautions: ['simulated: nobody is notified'] },
  locks: () => [],
})
