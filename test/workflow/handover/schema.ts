// handover: who leads is handed over together with the traffic, and never is there more than one who does.
import { z } from 'zod'
import { Duration, Name } from '../../../workflows/scalars.ts'
import { anyStep } from '../../../workflows/steps/fields.ts'

export const Handover = z
  .strictObject({
    ...anyStep,
    zone: Name.describe('The DNS connection with the record of the leader'),
    leader: z.string().describe('That record'),
    to: z.string().describe('Who leads afterwards'),
    nobody: z.string().describe('What the record holds while nobody leads'),
    edge: Name.describe('The traffic connection'),
    warm: z.url().optional().describe('What the one before is asked, when it is to lead again'),
    drain: Duration.describe('How long the old leader may still be at work'),
  })
  .describe('Hand over who leads, and the traffic with it')
export type Handover = z.infer<typeof Handover>
