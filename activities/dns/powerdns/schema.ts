// What a runbook may say about a zone behind PowerDNS' API, and what plans must know about it. No client code.
import { z } from 'zod'
import { BaseUrl, SecretReference } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'
import { ServerAddress } from '../address.ts'
import { Zone, recordLocks } from '../names.ts'

export const PowerdnsConfig = z
  .strictObject({
    url: BaseUrl.describe('The webserver of PowerDNS, without /api'),
    api_key: SecretReference.describe('Where the worker finds the API key: env:NAME or file:/path'),
    server_id: z
      .string()
      .min(1)
      .default('localhost')
      .describe('The server in the API; PowerDNS itself is always localhost'),
    zone: Zone.describe('The zone that holds the records, such as example.com.'),
    servers: z
      .array(ServerAddress)
      .default([])
      .describe(
        'The authoritative servers that prove a change, PowerDNS itself first; by default the NS records of the zone',
      ),
    ...privateHttp,
  })
  .superRefine(demandFitting('url'))
export type PowerdnsConfig = z.infer<typeof PowerdnsConfig>

export const spec = defineSpec({
  id: 'dns/powerdns',
  port: 'dns',
  summary: "A, AAAA, CNAME, TXT through PowerDNS' API",
  config: PowerdnsConfig,
  supports: {
    port: 'dns',
    compareAndSet: false,
    landsWithin: '10s', // the API answers in milliseconds; this allows for a locked database behind it
    showsWithin: '60s', // the API at once; what is answered, when a flush has failed, after query-cache-ttl and negquery-cache-ttl (20 s, 60 s)
    proof:
      'every authoritative server answers with the new records, and every given resolver has let go of the old ones',
    cautions: [
      'The API has no compare-and-set: a change made by someone else in the milliseconds between look and write is overwritten. dns/rfc2136 on the same server closes that gap.',
      'The API accepts LUA records that cannot be answered (SERVFAIL): name `servers`, so that every write is tried at once.',
      'Weights of LUA records hold per resolver cache, not per user.',
    ],
  },
  locks: (_config, target) => recordLocks(target),
})
