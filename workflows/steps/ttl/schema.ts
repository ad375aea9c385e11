// ttl: lower the TTL of records, wait until the old TTL has run out everywhere; restored at the end of the run.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'
import { RecordName, resolved } from '../records.ts'

export const Ttl = z
  .strictObject({
    ...anyStep,
    connection: connections('The dns connection'),
    records: z.array(RecordName).min(1).describe('Record sets, each written as "name. TYPE"'),
    to: PositiveDuration.default('60s').describe('The TTL while the run lasts'),
    ...resolved,
  })
  .describe('Lower the TTL of records ahead of a move and wait until the old TTL has run out')
export type Ttl = z.infer<typeof Ttl>
