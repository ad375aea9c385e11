// What a runbook says about a route of an Envoy, and what plans may rely on. Holds no client code.
import { posix } from 'node:path'
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { demandOneSign, toldBy } from '../told-by.ts'
import { defineSpec } from '../../provider.ts'

const EnvoyName = z.string().min(1).max(256)

export const EnvoyConfig = z
  .strictObject({
    routes: z
      .string()
      .regex(/^\/.+\.json$/, 'not a route file: write the absolute path of a .json file')
      .describe('The route file (RDS, JSON) in the folder that Envoy watches')
      .meta({ examples: ['/etc/envoy/rds/app.json'] }),
    admin: BaseUrl.describe("Address of Envoy's admin interface").meta({
      examples: ['http://127.0.0.1:9901'],
    }),
    route_config: EnvoyName.exactOptional().describe(
      'Name of the route configuration, if the file holds several',
    ),
    virtual_host: EnvoyName.exactOptional().describe('Name of the virtual host, if there are several'),
    route: z
      .union([EnvoyName, z.int().min(0)])
      .exactOptional()
      .describe(
        'The route: its name, its prefix or path, or its place in the list (from 0), if there are several',
      ),
    old: EnvoyName.describe('Cluster of the old side'),
    new: EnvoyName.describe('Cluster of the new side'),
    shadow: EnvoyName.exactOptional().describe(
      'Cluster that gets copies of requests; needed for shadow steps',
    ),
    cohort: z
      .strictObject({
        ...toldBy,
        to: EnvoyName.exactOptional().describe(
          'Cluster that members are led to: another one of the endpoints of the new side, so that shares are counted among the others; left out: `new`',
        ),
      })
      .superRefine(demandOneSign)
      .exactOptional()
      .describe('For cohort steps: how members are told, and where they are led'),
    ...privateHttp,
  })
  .superRefine(demandFitting('admin'))
  .refine((config) => config.cohort?.to !== config.old, {
    message: 'this is the old side',
    path: ['cohort', 'to'],
  })
  .refine((config) => config.old !== config.new, {
    message: 'old and new are the same cluster',
    path: ['new'],
  })
export type EnvoyConfig = z.infer<typeof EnvoyConfig>

export const spec = defineSpec({
  id: 'traffic/envoy',
  port: 'traffic',
  summary: 'split, mirror and cohort, 0.01 %',
  config: EnvoyConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // Envoy takes up a renamed file within milliseconds; this covers a stalled main thread
    showsWithin: '5s', // file and config dump follow within milliseconds; this covers a stalled main thread
    proof: 'requests counted per cluster (cluster.*.upstream_rq_total)',
    weightStep: 0.01,
    mirror: true,
    cohort: 'routes of the file that match the header or cookie of its members',
    inFlight:
      'requests and tunnels of its cluster that have not ended (upstream_rq_active), whichever route they came by',
    cautions: [
      'the worker must run where the route file is, with write permission on its folder',
      'whoever else generates the route file will overwrite weights set here',
      'runtime keys of the route (runtime_key, runtime_key_prefix) override what the file says',
      'requests are counted per cluster: other routes to the same clusters blur the proof',
      'each request is drawn anew, and a user may change sides with every one: both sides must share the state of sessions; with a `hash_policy` on the route and `use_hash_policy` on its weighted clusters a user keeps a side',
      'a shadow that reads slowly can stall requests with bodies of 8 MiB and more',
    ],
  },
  // The two clusters name what moves: a route may be named in three ways, and routes to the same clusters share counters.
  locks: (config, target) => [
    `envoy ${posix.normalize(config.routes)} clusters ${[config.old, config.new].sort().join(' ')} ${target}`,
  ],
})
