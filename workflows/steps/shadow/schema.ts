// shadow: mirror a share of requests to the new side, answers dropped, and prove that the copies arrive.
import { z } from 'zod'
import { PositiveDuration, ShareOfAll } from '../../scalars.ts'
import { anyStep, connections, counted, gated, moving } from '../fields.ts'

export const Shadow = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: connections('The traffic connection; its provider must be able to mirror'),
    percent: z
      .union([
        ShareOfAll,
        z
          .number()
          .min(0)
          .max(100)
          .transform((share) => `${share}%`),
      ])
      .default('20%')
      .describe('Share of the served requests that is mirrored'),
    for: PositiveDuration.default('30m').describe('How long'),
    ...counted,
    ...gated,
  })
  .describe('Mirror a share of the traffic to the new side, answers dropped')
export type Shadow = z.infer<typeof Shadow>
