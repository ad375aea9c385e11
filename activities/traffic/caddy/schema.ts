// What a runbook says about a reverse proxy handler of a Caddy, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

const Dial = z.string().regex(/^[^\s,{}"]+$/, 'not an upstream: write its dial address, host:port')

const Side = z.union([Dial, z.array(Dial).min(1)])

export const CaddyConfig = z
  .strictObject({
    admin: BaseUrl.describe("Address of Caddy's admin API").meta({ examples: ['http://127.0.0.1:2019'] }),
    handler: z
      .string()
      .regex(
        /^\/(?:id|config)\/[A-Za-z0-9_.~/-]+$/,
        'not a place in the configuration: write /id/NAME or /config/apps/...',
      )
      .describe('The reverse_proxy handler: by its `@id`, or by its path')
      .meta({ examples: ['/id/orders', '/config/apps/http/servers/srv0/routes/0/handle/0'] }),
    old: Side.describe('Upstream of the old side (its dial address), or a list of them'),
    new: Side.describe('Upstream of the new side (its dial address), or a list of them'),
    log: z
      .string()
      .regex(/^\/.+/, 'not an absolute path')
      .describe(
        'Access log (JSON) with a field `upstream` that log_append sets to {http.reverse_proxy.upstream.hostport}',
      )
      .meta({ examples: ['/var/log/caddy/orders.log'] }),
    ...privateHttp,
  })
  .superRefine(demandFitting('admin'))
  .refine((config) => !sideOf(config.old).some((dial) => sideOf(config.new).includes(dial)), {
    message: 'an upstream cannot be on both sides',
    path: ['new'],
  })
export type CaddyConfig = z.infer<typeof CaddyConfig>

export function sideOf(side: string | string[]): string[] {
  return typeof side === 'string' ? [side] : side
}

/** One name for this machine: two runs must not hold two locks of one handler. */
function hostOf(url: string): string {
  return new URL(url).host.replace(/^(?:localhost|\[::1\])(?=:|$)/, '127.0.0.1')
}

export const spec = defineSpec({
  id: 'traffic/caddy',
  port: 'traffic',
  summary: 'split, 0.01 %, by the admin API',
  config: CaddyConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // Caddy loads a configuration before it answers: milliseconds; this covers a busy one
    showsWithin: '1s', // what has been answered is served
    proof: 'requests counted per upstream in an access log of its own',
    weightStep: 0.01,
    mirror: false,
    inFlight: 'requests in flight per upstream (/reverse_proxy/upstreams), of before the last change too',
    cautions: [
      'every change loads the configuration anew: requests on kept-alive connections in that moment are reset, and a few on new ones (116 of 13,000 over 20 changes, measured; many more when changes follow each other at once); clients that try a reset request again lose none',
      "Caddy forgets weights set by its API when it is restarted with its file, unless it runs with --resume; a reload of its file sets that one's weights",
      'weighted_round_robin serves one upstream after the other, each as often as its weight: a share of 1 % is one request in a hundred, not one user, and a user may change sides with every one: both sides must share the state of sessions',
    ],
  },
  locks: (config) => [
    `caddy ${hostOf(config.admin)} ${[...sideOf(config.old), ...sideOf(config.new)].sort().join(' ')}`,
  ],
})
