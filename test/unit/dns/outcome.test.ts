// What each answer to an UPDATE becomes, word by word; above all, which answers are believed.
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../activities/dns/rfc2136/outcome.ts'
import type { Reply } from '../../../activities/dns/tsig.ts'

const context = {
  what: 'UPDATE of api.example.com. A at 10.0.0.53',
  zone: 'example.com.',
  server: '10.0.0.53',
  key: { name: 'k1.', algorithm: 'hmac-sha256' },
  nowSeconds: 1_000,
}
const reply = (more: Partial<Reply>): Reply => ({
  id: 1,
  rcode: 0,
  signed: true,
  genuine: true,
  trouble: null,
  serverSeconds: null,
  ...more,
})
const WHAT = 'UPDATE of api.example.com. A at 10.0.0.53'

describe('the answer to an UPDATE', () => {
  it('is a success only as a NOERROR signed with our key', () => {
    expect(failureOf(reply({}), context)).toBe(null)
  })

  it.each([0, 3, 6, 7, 8, 10])('is not believed unsigned (rcode %i)', (rcode) => {
    expect(failureOf(reply({ rcode, genuine: false }), context)).toMatchObject({ type: 'Unavailable' })
  })

  it.each([
    [
      { rcode: 1 },
      'Rejected',
      'FORMERR, the server does not take such updates: check that it supports RFC 2136 for example.com.',
    ],
    [
      { rcode: 2 },
      'Unavailable',
      'SERVFAIL, the server could not carry it out (often: it cannot write its journal): see its log',
    ],
    [
      { rcode: 5, genuine: false },
      'Denied',
      'REFUSED, the key "k1." (hmac-sha256) may not change this record: allow it on the server (BIND: update-policy, PowerDNS: TSIG-ALLOW-DNSUPDATE); PowerDNS says the same of a wrong secret or clock',
    ],
    [
      { rcode: 6 },
      'Rejected',
      'YXDOMAIN, other records stand at this name and a CNAME cannot stand next to them: remove them first',
    ],
    [{ rcode: 7 }, 'Conflict', 'YXRRSET, the record is no longer as it was seen; nothing was changed'],
    [{ rcode: 8 }, 'Conflict', 'NXRRSET, the record is no longer as it was seen; nothing was changed'],
    [
      { rcode: 9, genuine: false },
      'Denied',
      'NOTAUTH, the server is not authoritative for example.com. or does not accept the key "k1." (hmac-sha256): check zone, server and key_name',
    ],
    [
      { rcode: 9, trouble: 'BADKEY' },
      'Denied',
      'BADKEY, the server does not know the key "k1." (hmac-sha256): check key_name and algorithm',
    ],
    [
      { rcode: 9, trouble: 'BADTIME', serverSeconds: 1_400 },
      'Config',
      'BADTIME, the clock differs by 400 s: fix NTP on the worker or the server',
    ],
    [
      { rcode: 9, trouble: 'BADTIME' },
      'Config',
      'BADTIME, the clocks differ: fix NTP on the worker or the server',
    ],
    [{ rcode: 10 }, 'Config', 'NOTZONE, the server does not hold this name in example.com.: check zone'],
    [{ rcode: 14 }, 'Rejected', 'RCODE 14'],
  ] as const)('%j is %s', (more, type, words) => {
    expect(failureOf(reply(more), context)).toMatchObject({ type, message: `${WHAT}: ${words}` })
  })
})
