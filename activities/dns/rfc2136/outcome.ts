// What the answer to a signed message means in our kinds of failure. An answer to an UPDATE that is not signed with our key
// never means success.
import { failure } from '../../failure.ts'
import type { Reply } from '../tsig.ts'

const NOTIMP = 4
const REFUSED = 5
const YXRRSET = 7
const NXRRSET = 8
const NOTAUTH = 9
const RCODES: Record<number, string> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
}

export interface UpdateContext {
  /** What was sent, to whom: `UPDATE of api.example.com. A at 10.0.0.53`. */
  what: string
  zone: string
  server: string
  key: { name: string; algorithm: string }
  nowSeconds: number
  /** The primary that the zone itself names, where that is known: the server may be a secondary. */
  primary?: string | null
}

/** Null only for a NOERROR that is signed with our key over our request. */
export function failureOf(reply: Reply, context: UpdateContext): Error | null {
  const rcode = RCODES[reply.rcode] ?? `RCODE ${reply.rcode}`
  return refusedKey(reply, rcode, context) ?? refusal(reply, rcode, context)
}

/** What the server says against the key itself; null when it says nothing of it. */
export function keyFailureOf(reply: Reply, context: UpdateContext): Error | null {
  if (reply.trouble === null && reply.rcode !== NOTAUTH) return null
  return refusedKey(reply, RCODES[reply.rcode] ?? '', context)
}

/** Whether the condition did not hold: the record is no longer as it was seen. */
export function isOutdated(reply: Reply): boolean {
  return reply.genuine && (reply.rcode === YXRRSET || reply.rcode === NXRRSET)
}

/** Whether the server would not take it: for want of permission, or because it is not the primary. */
export function isRefused({ rcode, trouble }: Reply): boolean {
  return trouble === null && (rcode === REFUSED || rcode === NOTAUTH || rcode === NOTIMP)
}

/** Refusals that come unsigned by their nature: the server could not or would not use the key. */
function refusedKey(reply: Reply, rcode: string, context: UpdateContext): Error | null {
  const { what } = context
  const key = `${JSON.stringify(context.key.name)} (${context.key.algorithm})`
  switch (reply.trouble ?? rcode) {
    case 'BADTIME':
      return failure(
        'Config',
        `${what}: BADTIME, ${clocks(reply, context)}: fix NTP on the worker or the server`,
      )
    case 'BADKEY':
      return failure(
        'Denied',
        `${what}: BADKEY, the server does not know the key ${key}: check key_name and algorithm`,
      )
    case 'BADSIG':
    case 'BADTRUNC':
      return failure(
        'Denied',
        `${what}: ${reply.trouble}, the secret of the key ${key} is not the server's: check what \`key\` refers to`,
      )
    case 'NOTAUTH':
      return failure(
        'Denied',
        `${what}: NOTAUTH, the server is not authoritative for ${context.zone} or does not accept the key ${key}: check zone, server and key_name${secondary(context)}`,
      )
    case 'REFUSED':
      return failure(
        'Denied',
        `${what}: REFUSED, the key ${key} may not change this record: allow it on the server (BIND: update-policy, PowerDNS: TSIG-ALLOW-DNSUPDATE); PowerDNS says the same of a wrong secret or clock${secondary(context)}`,
      )
    default:
      return null
  }
}

function secondary({ zone, server, primary }: UpdateContext): string {
  return primary === undefined || primary === null
    ? ''
    : `; or ${server} is a secondary, which takes no updates: the primary that ${zone} names is ${primary}`
}

function refusal(reply: Reply, rcode: string, context: UpdateContext): Error | null {
  const { what } = context
  switch (rcode) {
    case 'SERVFAIL':
      return failure(
        'Unavailable',
        `${what}: SERVFAIL, the server could not carry it out (often: it cannot write its journal): see its log`,
      )
    case 'FORMERR':
    case 'NOTIMP':
      return failure(
        'Rejected',
        `${what}: ${rcode}, the server does not take such updates: check that it supports RFC 2136 for ${context.zone}${secondary(context)}`,
      )
    default:
  }
  if (!reply.genuine) {
    return failure(
      'Unavailable',
      `${what}: the answer ${rcode} is not signed with the key ${JSON.stringify(context.key.name)} and is not believed; the outcome is unknown`,
    )
  }
  switch (rcode) {
    case 'NOERROR':
      return null
    case 'NXRRSET':
    case 'YXRRSET':
      return failure(
        'Conflict',
        `${what}: ${rcode}, the record is no longer as it was seen; nothing was changed`,
      )
    case 'YXDOMAIN':
      return failure(
        'Rejected',
        `${what}: YXDOMAIN, other records stand at this name and a CNAME cannot stand next to them: remove them first`,
      )
    case 'NOTZONE':
      return failure(
        'Config',
        `${what}: NOTZONE, the server does not hold this name in ${context.zone}: check zone`,
      )
    default:
      return failure('Rejected', `${what}: ${rcode}`)
  }
}

function clocks({ serverSeconds }: Reply, { nowSeconds }: UpdateContext): string {
  if (serverSeconds === null) return 'the clocks differ'
  return `the clock differs by ${Math.abs(serverSeconds - nowSeconds)} s`
}
