// canary: rising weights, each held under watch.
import { z } from 'zod'
import { SHARE, percent } from '../../quantities.ts'
import { Duration, ShareOfAll } from '../../scalars.ts'
import { anyStep, connections, counted, gated, moving } from '../fields.ts'

const Weights = z
  .array(ShareOfAll)
  .min(1)
  .superRefine((weights, context) => {
    weights.forEach((weight, index) => {
      const before = weights[index - 1] ?? '0%'
      if (!SHARE.test(weight) || !SHARE.test(before) || percent(weight) > percent(before)) return
      context.addIssue({
        code: 'custom',
        path: [index],
        message:
          index === 0 ? `a canary starts above 0%` : `weights must rise: ${weight} does not exceed ${before}`,
      })
    })
  })

export const Canary = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: connections('The traffic connection'),
    weights: Weights.default(['5%', '25%', '50%']).describe('Shares of the new side, rising'),
    hold: Duration.default('5m').describe('How long each weight is held at least'),
    ...counted,
    ...gated,
  })
  .describe('Give the new side a rising share of the traffic, each share held under watch')
export type Canary = z.infer<typeof Canary>
