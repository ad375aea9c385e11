// Fields of steps that deal with DNS record sets.
import { z } from 'zod'
import { Duration, PositiveDuration } from '../scalars.ts'

export const RecordName = z
  .string()
  .regex(
    /^[A-Za-z0-9_*.-]+\. (?:A|AAAA|CNAME|TXT)$/,
    'not a record set: write "api.example.com. A", with the final dot',
  )
  .meta({
    id: 'RecordName',
    description: 'A record set: absolute name and type',
    examples: ['api.example.com. A'],
  })

export const Address = z
  .string()
  .regex(/^[A-Za-z0-9.:[\]-]+$/, 'not an address: write host or host:port')
  .meta({ id: 'Address', description: 'host or host:port', examples: ['1.1.1.1', '127.0.0.1:5353'] })

export const resolved = {
  resolvers: z
    .array(Address)
    .default(['1.1.1.1', '8.8.8.8'])
    .describe('Recursive resolvers that must show the change too'),
  margin: Duration.default('5s').describe('Waited beyond the old TTL'),
  within: PositiveDuration.default('30m').describe(
    'Go back when it is not to be seen everywhere so long after the old TTL has run out',
  ),
}
