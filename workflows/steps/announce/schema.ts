// announce: tell people something at this point of the run.
import { z } from 'zod'
import { Name } from '../../scalars.ts'
import { anyStep } from '../fields.ts'

export const Announce = z
  .strictObject({
    ...anyStep,
    connection: Name.describe('The notify connection'),
    text: z.string().min(1).max(4_000).describe('What to say'),
    level: z.enum(['info', 'ask', 'alarm']).default('info'),
  })
  .describe('Tell people; the run does not wait for it')
export type Announce = z.infer<typeof Announce>
