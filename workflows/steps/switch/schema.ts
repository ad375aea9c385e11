// switch: all traffic to the new side, held under watch.
import { z } from 'zod'
import { Duration } from '../../scalars.ts'
import { anyStep, connections, counted, gated, moving } from '../fields.ts'

export const Switch = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: connections('The traffic connection'),
    hold: Duration.default('15m').describe('How long it is held at least'),
    ...counted,
    ...gated,
  })
  .describe('Give the new side all traffic')
export type Switch = z.infer<typeof Switch>
