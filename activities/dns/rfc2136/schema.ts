// What a runbook may say about a zone that takes dynamic updates, and what plans must know about it. No client code.
import { z } from 'zod'
import { SecretReference } from '../../config.ts'
import { defineSpec } from '../../provider.ts'
import { ServerAddress } from '../address.ts'
import { Zone, fqdn, isName, recordLocks } from '../names.ts'

export const Rfc2136Config = z.strictObject({
  server: ServerAddress.describe(
    'The primary server of the zone, which takes the updates: host or host:port',
  ),
  zone: Zone.describe('The zone that holds the records, such as example.com.'),
  key: SecretReference.describe('Where the worker finds the TSIG secret (base64): env:NAME or file:/path'),
  key_name: z
    .string()
    .overwrite(fqdn)
    .refine(isName, 'not a key name: write it as the server does, such as cutover-key')
    .default('cutover.')
    .describe('The name of the TSIG key on the server'),
  algorithm: z
    .enum(['hmac-sha256', 'hmac-sha512'])
    .default('hmac-sha256')
    .describe('The algorithm of the TSIG key on the server'),
  servers: z
    .array(ServerAddress)
    .default([])
    .describe(
      'The authoritative servers that prove a change; by default those that the zone names in its NS records',
    ),
})
export type Rfc2136Config = z.infer<typeof Rfc2136Config>

export const spec = defineSpec({
  id: 'dns/rfc2136',
  port: 'dns',
  summary: 'A, AAAA, CNAME, TXT by dynamic update, TSIG',
  config: Rfc2136Config,
  supports: {
    port: 'dns',
    compareAndSet: true,
    landsWithin: '10s', // an UPDATE on an open connection is carried out at once; this allows for a stalled primary
    showsWithin: '30s', // at once where a primary is asked; a secondary that passes updates on shows them after notify and transfer
    proof:
      'every authoritative server answers with the new records, and every given resolver has let go of the old ones',
    cautions: [
      'A change of the TTL alone, made by someone else in the milliseconds between look and write, goes unseen: prerequisites of RFC 2136 compare values only.',
      'Plain DNS has no weights: users move over as their resolvers forget the old answer.',
    ],
  },
  locks: (_config, target) => recordLocks(target),
})
