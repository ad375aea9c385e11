// What a runbook says about an HAProxy, and what plans may rely on. Holds no client code.
import { posix } from 'node:path'
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { defineSpec } from '../../provider.ts'

// HAProxy's own alphabet for names; it also keeps a name from ending a command and starting another one.
const HaproxyName = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]+$/, 'not an HAProxy name: letters, digits, and the signs - _ . :')

// One word of a command, like every name.
const MapPath = z.string().regex(/^\/[A-Za-z0-9._/@:+-]+$/, 'not a path: an absolute one, without blanks')

const Socket = z
  .string()
  .regex(/^(?:\/.+|[^/\s]+:\d{1,5})$/, 'not a runtime socket: write an absolute path or host:port')

const Side = z.union([HaproxyName, z.array(HaproxyName).min(1)])

export const HaproxyConfig = z
  .strictObject({
    socket: Socket.describe(
      'Runtime socket (`stats socket`, level admin): an absolute path or host:port',
    ).meta({ examples: ['/run/haproxy/admin.sock', '10.0.0.5:9999'] }),
    master: z
      .boolean()
      .exactOptional()
      .describe(
        'Whether `socket` is the master CLI (option -S): its present worker is told, and workers of before a reload are looked at too',
      ),
    backend: HaproxyName.describe('Name of the backend section that holds both sides'),
    old: Side.describe('Server of the old side, or a list of them'),
    new: Side.describe('Server of the new side, or a list of them'),
    state_file: z
      .string()
      .regex(/^\/.+/, 'not a state file: write its absolute path')
      .exactOptional()
      .describe(
        'The file that HAProxy loads at a reload (`server-state-file`), if it has one: kept in step with the weights',
      )
      .meta({ examples: ['/var/lib/haproxy/server-state'] }),
    cohort: z
      .strictObject({
        map: MapPath.describe('The map that leads its members to the new side, as HAProxy names it').meta({
          examples: ['/etc/haproxy/cohort.map'],
        }),
        file: MapPath.exactOptional().describe(
          'The file of that map as the worker reaches it: kept in step, for a reload loads it',
        ),
      })
      .exactOptional()
      .describe('For cohort steps: members get the value `new` in this map'),
    shared: z
      .strictObject({
        url: BaseUrl.describe(
          'Address on the port of the users that answers which process has answered',
        ).meta({
          examples: ['http://127.0.0.1:8080/cutover/process'],
        }),
        others: z
          .array(Socket)
          .min(1)
          .describe('Runtime sockets of the other processes on that port, each a connection of its own'),
      })
      .exactOptional()
      .describe('Where several processes take the connections of one port: one that nobody named is found'),
  })
  .refine((config) => !servers(config.old).some((name) => servers(config.new).includes(name)), {
    message: 'a server cannot be on both sides',
    path: ['new'],
  })
  .refine((config) => config.shared?.others.includes(config.socket) !== true, {
    message: 'this is `socket` itself: name the other processes',
    path: ['shared', 'others'],
  })
export type HaproxyConfig = z.infer<typeof HaproxyConfig>

export function servers(side: string | string[]): string[] {
  return typeof side === 'string' ? [side] : side
}

export const spec = defineSpec({
  id: 'traffic/haproxy',
  port: 'traffic',
  summary: 'split, whole percents; cohort by a map',
  config: HaproxyConfig,
  supports: {
    port: 'traffic',
    compareAndSet: false,
    landsWithin: '5s', // a command that HAProxy has read runs within its event loop; this covers a stalled one
    showsWithin: '1s', // the process that was told is the one that is asked
    proof: 'requests counted per server (show stat)',
    weightStep: 1,
    mirror: false,
    cohort: 'a map that the configuration asks (connection field `cohort`)',
    inFlight:
      'sessions per server and what waits for it (show stat: scur, qcur) of the present process, WebSockets among them; with `master: true` of those before a reload too',
    cautions: [
      'a reload of HAProxy forgets weights set at run time, unless server-state-file and load-server-state-from-file are set; name the file as `state_file` and it is kept in step',
      'the process before a reload goes on with its own weights until its last connection is closed; looks, proofs and drains speak for the present process only, unless `socket` is the master CLI (`master: true`)',
      'the balance algorithm must be roundrobin, leastconn or random(1): random draws twice and distorts a split, hashing ones refuse weights other than 0 and 100 %',
      'without a cookie or stick table each request is dealt anew, and a user may change sides with every one: both sides must share the state of sessions; with one, known users stay on their server whatever the weights say; with `balance hdr(...)` and `hash-type consistent` a user keeps a side, and shares are a few points off',
    ],
  },
  locks: (config) => [`haproxy ${canonicalSocket(config.socket)} backend ${config.backend}`],
})

function canonicalSocket(socket: string): string {
  if (socket.startsWith('/')) return posix.normalize(socket).replace(/^\/var\/run\//, '/run/')
  return socket.toLowerCase().replace(/^localhost:/, '127.0.0.1:')
}
