// suspend: whoever reconciles the targets of the run leaves them alone for its time, and not for longer than is said here.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'

export const Suspend = z
  .strictObject({
    ...anyStep,
    connection: connections('The reconciler connection'),
    expires: PositiveDuration.describe(
      'It goes on by itself after so long, whatever has become of the run; extend gives a run more',
    ),
    within: PositiveDuration.default('10m').describe(
      'How long what it has begun may take to end; the run goes back when it is not over by then',
    ),
  })
  .describe('Suspend who reconciles the targets of the run, until a handback or an expiry of its own')
export type Suspend = z.infer<typeof Suspend>
