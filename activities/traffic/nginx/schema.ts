// What a runbook says about a split of an NGINX, and what plans may rely on. Holds no client code.
import { posix } from 'node:path'
import { z } from 'zod'
import { BaseUrl, CommandLine } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'
import { ledByMap } from './map-config.ts'
import { Upstream, Variable } from './names.ts'

const AbsolutePath = z.string().regex(/^\/.+/, 'not an absolute path')

export const NginxConfig = z
  .strictObject({
    file: AbsolutePath.describe(
      'The included file that holds the `split_clients` block; best of its own',
    ).meta({
      examples: ['/etc/nginx/cutover/orders.conf'],
    }),
    variable: Variable.describe('The variable that `split_clients` sets to the name of an upstream').meta({
      examples: ['$orders_pool'],
    }),
    old: Upstream.describe('Upstream of the old side'),
    new: Upstream.describe('Upstream of the new side'),
    control: BaseUrl.describe(
      'Address that answers what a given key is split to, from the same workers',
    ).meta({
      examples: ['http://127.0.0.1:8181/cutover/orders'],
    }),
    check: CommandLine.describe("Executable of the worker's command folder that runs `nginx -T -q`"),
    reload: CommandLine.describe("Executable of the worker's command folder that runs `nginx -s reload`"),
    log: AbsolutePath.describe(
      'Access log with a line for each request that begins with the name of its upstream; copies begin with `mirror`',
    ).meta({ examples: ['/var/log/nginx/orders.cutover.log'] }),
    shadow: Upstream.exactOptional().describe(
      'Upstream that gets copies of requests; needed for shadow steps',
    ),
    shadow_variable: Variable.exactOptional()
      .describe('The variable that a second `split_clients` of the file sets to the shadow or to ""')
      .meta({ examples: ['$orders_shadow'] }),
    ...ledByMap.config,
    ...privateHttp,
  })
  .superRefine(demandFitting('control'))
  .refine((config) => config.cohort?.to !== config.old, {
    message: 'this is the old side',
    path: ['cohort', 'to'],
  })
  .refine((config) => config.old !== config.new, {
    message: 'old and new are the same upstream',
    path: ['new'],
  })
  .refine((config) => (config.shadow === undefined) === (config.shadow_variable === undefined), {
    message: '`shadow` and `shadow_variable` go together',
    path: ['shadow'],
  })
export type NginxConfig = z.infer<typeof NginxConfig>

export const spec = defineSpec({
  id: 'traffic/nginx',
  port: 'traffic',
  summary: 'split, mirror and cohort, 0.01 %, by file and reload',
  config: NginxConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // an executable that was killed may have sent its signal; NGINX then reads its files at once
    showsWithin: '5s', // reading hundreds of certificates takes a second or two, and old workers answer 0.1 s longer
    proof:
      'requests counted per upstream in an access log of its own, and what every worker answers for chosen keys',
    weightStep: 0.01,
    mirror: true,
    ...ledByMap.supports,
    cautions: [
      'every change is a reload: requests on kept-alive connections that are reused in that moment are reset (18 of 13,000 over 20 reloads, measured on 1.22); clients that try such a request again, as HTTP libraries do, lose none',
      'after a reload the workers before it finish the requests they have, with their own split, until the last connection is closed or worker_shutdown_timeout is over',
      'whoever else generates the file will overwrite shares set here',
      'whether a user keeps a side depends on the hashed key: a cookie or a user keeps it, $request_id draws anew for each request',
      'a mirrored request holds the connection of the user until the shadow has answered: a shadow of 1.5 s at 200 requests per second made users wait 6.7 s (measured on 1.22); give the mirror location time-outs of a second at most, and guard the latency of the old side',
      'the worker must run where the file and the log are',
    ],
  },
  locks: (config, target) => [`nginx ${posix.normalize(config.file)} ${config.variable} ${target}`],
})
