// repoint: move records from their present values to new ones, and see it everywhere.
import { z } from 'zod'
import { Duration } from '../../scalars.ts'
import { anyStep, connections, gated, moving } from '../fields.ts'
import { RecordName, resolved } from '../records.ts'

export const Repoint = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: connections('The dns connection'),
    records: z
      .record(RecordName, z.array(z.string().min(1)).min(1))
      .describe('Record set -> the values it shall have')
      .refine((records) => Object.keys(records).length > 0, { message: 'name at least one record set' }),
    create: z
      .boolean()
      .default(false)
      .describe(
        'Records that are not there are created; otherwise one that is not there is a mistake in its name',
      ),
    serves: z
      .enum(['old', 'new', 'edge'])
      .optional()
      .describe(
        'What the new values lead to: a side, or an edge that shares its requests; default: the new side, unless something splits',
      ),
    hold: Duration.default('5m').describe('Watched after the change is seen everywhere'),
    ...resolved,
    ...gated,
  })
  .describe('Point records at new values, and wait until every resolver shows them')
export type Repoint = z.infer<typeof Repoint>
