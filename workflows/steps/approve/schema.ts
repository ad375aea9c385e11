// approve: people decide before the run goes on; guards stay watched meanwhile.
import { z } from 'zod'
import { anyStep, decided } from '../fields.ts'

export const Approve = z
  .strictObject({ ...anyStep, ...decided })
  .refine((step) => step.people === 'anyone' || step.quorum <= step.people.length, {
    message: 'the quorum exceeds the number of people who may approve',
    path: ['quorum'],
  })
  .describe('Ask people; go on when enough of them approved')
export type Approve = z.infer<typeof Approve>
