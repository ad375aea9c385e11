// dns/sim, offline half: a zone of the simulated world, its resolvers, and the users who follow them.
import { z } from 'zod'
import { Duration, Rate, ShareOfAll } from '../../../workflows/scalars.ts'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'
import { Zone, recordLocks } from '../names.ts'

const TTL_SECONDS_MAX = 2_147_483_647 // RFC 2181 section 8: 31 bits

const Rrset = z.strictObject({
  ttl: z.int().min(0).max(TTL_SECONDS_MAX).describe('Seconds'),
  values: z.array(z.string().min(1)).min(1).describe('Values in presentation form'),
})

const Clients = z
  .strictObject({
    record: z.string().min(1).describe('The record set they ask for, as "name. TYPE"'),
    rate: Rate.default('100/s').describe('Requests they make'),
    old: z.array(z.string()).default([]).describe('Addresses at which the old side answers'),
    new: z.array(z.string()).default([]).describe('Addresses at which the new side answers'),
    through: z
      .record(z.string(), ShareOfAll)
      .default({ '*': '100%' })
      .describe('Resolver address -> share of the clients that ask it; "*" is an ordinary one'),
  })
  .describe('Users who find a side by DNS alone and arrive where their resolver sends them')

export const SimDnsConfig = z.strictObject({
  world: WorldName,
  zone: Zone.describe('The zone, a full name'),
  records: z
    .record(z.string(), Rrset)
    .default({})
    .describe('Record sets at the start: "name. TYPE" -> TTL and values'),
  resolvers: z
    .record(z.string(), z.strictObject({ min_ttl: Duration.describe('Answers are kept at least so long') }))
    .default({})
    .describe(
      'Resolvers that keep answers longer than they should; any other address is an ordinary resolver',
    ),
  clients: z.array(Clients).default([]).describe('Users who arrive by DNS'),
})
export type SimDnsConfig = z.infer<typeof SimDnsConfig>

export const spec = defineSpec({
  id: 'dns/sim',
  port: 'dns',
  summary: 'a simulated zone, its resolvers and the users who follow them',
  config: SimDnsConfig,
  supports: {
    port: 'dns',
    compareAndSet: true,
    landsWithin: '200ms',
    showsWithin: '500ms',
    proof: 'simulated authoritative answers and resolver caches that obey TTLs',
    cautions: ['simulated: no record of a real zone is touched'],
  },
  locks: (config, target) => recordLocks(target).map((lock) => `sim:${config.world}/${lock}`),
})
