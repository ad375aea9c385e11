// approve: people decide before the run goes on; guards stay watched meanwhile.
import { z } from 'zod'
import { anyStep, decided, enoughPeople } from '../fields.ts'

export const Approve = z
  .strictObject({ ...anyStep, ...decided })
  .superRefine(enoughPeople)
  .describe('Ask people; go on when enough of them approved')
export type Approve = z.infer<typeof Approve>
