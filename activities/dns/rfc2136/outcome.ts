// What the answer to an UPDATE means in our kinds of failure. An answer that is not signed with our key never means success.
import { failure } from '../../failure.ts'
import type { Reply } from './tsig.ts'

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
  /** `api.example.com. A`. */
  record: string
  zone: string
  server: string
  key: { name: string; algorithm: string }
  nowSeconds: number
}

/** Null only for a NOERROR that is signed with our key over our request. */
export function failureOf(reply: Reply, context: UpdateContext): Error | null {
  const rcode = RCODES[reply.rcode] ?? `RCODE ${reply.rcode}`
  return refusedKey(reply, rcode, context) ?? refusal(reply, rcode, context)
}

/** Refusals that come unsigned by their nature: the server could not or would not use the key. */
function refusedKey(reply: Reply, rcode: string, context: UpdateContext): Error | null {
  const what = `UPDATE of ${context.record} at ${context.server}`
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
        `${what}: NOTAUTH, the server is not authoritative for ${context.zone} or does not accept the key ${key}: check zone, server and key_name`,
      )
    case 'REFUSED':
      return failure(
        'Denied',
        `${what}: REFUSED, the key ${key} may not change this record: allow it on the server (BIND: update-policy, PowerDNS: TSIG-ALLOW-DNSUPDATE); PowerDNS says the same of a wrong secret or clock`,
      )
    default:
      return null
  }
}

function refusal(reply: Reply, rcode: string, context: UpdateContext): Error | null {
  const what = `UPDATE of ${context.record} at ${context.server}`
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
        `${what}: ${rcode}, the server does not take such updates: check that it supports RFC 2136 for ${context.zone}`,
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
        `${what}: ${rcode}, the record is no longer as it was seen (or only a wildcard answers for it); nothing was changed`,
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
