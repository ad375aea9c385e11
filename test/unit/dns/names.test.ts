// One spelling for names, addresses and values: equal content is equal JSON, and a lock is one lock however it is written.
import { describe, expect, it, test } from 'vitest'
import { formatAddress, parseAddress } from '../../../activities/dns/address.ts'
import { isInZone, isName, recordLocks } from '../../../activities/dns/names.ts'
import { slipsOf } from '../../../activities/dns/near.ts'
import { PowerdnsConfig, spec as powerdns } from '../../../activities/dns/powerdns/schema.ts'
import { canonicalRRset, canonicalValue, joined, partsOf } from '../../../activities/dns/rrset.ts'
import { Rfc2136Config, spec as rfc2136 } from '../../../activities/dns/rfc2136/schema.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'

describe('names', () => {
  it.each(['example.com.', '*.example.com.', '_sip._tcp.example.com.', 'xn--bcher-kva.example.'])(
    'takes %s',
    (name) => {
      expect(isName(name)).toBe(true)
    },
  )

  it.each([
    '',
    '.',
    'example.com',
    'a..b.',
    '-a.example.',
    'bücher.example.',
    `${'a'.repeat(64)}.example.`,
    'a b.example.',
  ])('does not take %j', (name) => {
    expect(isName(name)).toBe(false)
  })

  it('does not mistake a name that merely ends alike for one in the zone', () => {
    expect(isInZone('api.example.com.', 'example.com.')).toBe(true)
    expect(isInZone('example.com.', 'example.com.')).toBe(true)
    expect(isInZone('badexample.com.', 'example.com.')).toBe(false)
  })
})

describe('locks', () => {
  it('collide for one record set, whichever provider and spelling leads to it', () => {
    const bind = Rfc2136Config.parse({ server: '10.0.0.53', zone: 'Example.com', key: 'env:K' })
    const pdns = PowerdnsConfig.parse({
      url: 'http://127.0.0.1:8081',
      api_key: 'env:K',
      zone: 'example.com.',
    })
    const locks = [
      ...rfc2136.locks(bind, 'api.example.com. A'),
      ...rfc2136.locks({ ...bind, server: 'ns1.example.com:5353' }, 'API.Example.com a'),
      ...powerdns.locks(pdns, 'api.example.com  A'),
    ]
    expect(new Set(locks)).toEqual(new Set(['dns:api.example.com. A']))
    expect(recordLocks('api.example.com. AAAA')).not.toContain(locks[0])
    expect(recordLocks('api.example.com. CNAME'), 'an alias takes the place of addresses').toContain(locks[0])
  })
})

describe('addresses', () => {
  it.each([
    ['10.0.0.53', { host: '10.0.0.53', port: 53 }],
    ['10.0.0.53:5353', { host: '10.0.0.53', port: 5353 }],
    ['ns1.example.com', { host: 'ns1.example.com', port: 53 }],
    ['2001:db8::53', { host: '2001:db8::53', port: 53 }],
    ['[2001:db8::53]:5353', { host: '2001:db8::53', port: 5353 }],
  ])('reads %s and writes it back', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
    expect(formatAddress(address)).toBe(text)
  })

  it.each(['', 'a b', '10.0.0.53:', '10.0.0.53:0', '10.0.0.53:70000', 'http://10.0.0.53', '[10.0.0.53]:53'])(
    'does not read %j',
    (text) => {
      expect(parseAddress(text)).toBe(null)
    },
  )
})

describe('values', () => {
  it.each([
    ['A', '192.0.2.1', '192.0.2.1'],
    ['A', '192.0.2.01', null],
    ['AAAA', '2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['AAAA', '::ffff:192.0.2.1', '::ffff:c000:201'],
    ['AAAA', 'fe80::1%eth0', null],
    ['CNAME', 'Edge.Example.NET', 'edge.example.net.'],
    ['CNAME', 'not a name', null],
    ['TXT', 'v=spf1 -all', '"v=spf1 -all"'],
    ['TXT', '"two" "strings"', '"two" "strings"'],
    ['TXT', '"two"   "strings"', '"two" "strings"'],
    ['TXT', 'say "hi" \\ bye', '"say \\"hi\\" \\\\ bye"'],
    ['TXT', 'ä', '"\\195\\164"'],
    ['TXT', '"never closed', null],
    ['TXT', '"\\300"', null],
    ['TXT', 'x'.repeat(300), `"${'x'.repeat(255)}" "${'x'.repeat(45)}"`],
    ['TXT', '', '""'],
  ] as const)('%s %s', (type, value, canonical) => {
    expect(canonicalValue(type, value)).toBe(canonical)
  })

  it('are sorted and unique, and none at all has no TTL', () => {
    const set = { ttl: 60, values: ['192.0.2.2', '192.0.2.1', '192.0.2.2'] }
    expect(canonicalRRset('A', set)).toEqual({
      ok: true,
      rrset: { ttl: 60, values: ['192.0.2.1', '192.0.2.2'] },
    })
    expect(canonicalRRset('A', { ttl: 60, values: [] })).toEqual({ ok: true, rrset: { ttl: 0, values: [] } })
  })

  it.each([
    ['CNAME', { ttl: 60, values: ['a.example.', 'b.example.'] }, 'a CNAME has one value, not 2'],
    [
      'A',
      { ttl: -1, values: ['192.0.2.1'] },
      'a TTL is a whole number of seconds from 0 to 2147483647, not -1',
    ],
    ['A', { ttl: 60, values: ['edge'] }, '"edge" is not an IPv4 address such as 192.0.2.10'],
  ] as const)('says what is wrong with %s %j', (type, { ttl, values }, problem) => {
    expect(canonicalRRset(type, { ttl, values: [...values] })).toEqual({ ok: false, problem })
  })
})

describe('a CNAME target', () => {
  const canonical = (rrset: RRset) => canonicalRRset('CNAME', rrset)

  it.each<[RRset, RRset]>([
    [
      { ttl: 60, values: ['Edge.Example.NET'] },
      { ttl: 60, values: ['edge.example.net.'] },
    ],
    [
      { ttl: 60, values: ['aaaa 2001:DB8::1', 'a 192.0.2.10'] },
      { ttl: 60, values: ['A 192.0.2.10', 'AAAA 2001:db8::1'] },
    ],
    [
      { ttl: 300, values: ['AAAA 2001:db8::1', 'A 192.0.2.10'], ttls: { A: 300, AAAA: 30 } },
      { ttl: 300, values: ['A 192.0.2.10', 'AAAA 2001:db8::1'], ttls: { A: 300, AAAA: 30 } },
    ],
    [
      { ttl: 300, values: ['A 192.0.2.10'], ttls: { A: 300 } },
      { ttl: 300, values: ['A 192.0.2.10'] },
    ],
  ])('takes one name, or addresses in its place: %j', (given, rrset) => {
    expect(canonical(given)).toEqual({ ok: true, rrset })
    expect(joined('CNAME', partsOf('CNAME', rrset))).toEqual(rrset)
  })

  it.each<[string[], string]>([
    [['a.example.', 'b.example.'], 'a CNAME has one value, not 2'],
    [['a.example.', 'A 192.0.2.1'], 'a CNAME stands alone: write a.example. or addresses, not both'],
    [['A 192.0.2.300'], '"A 192.0.2.300" is not a full name'],
    [['TXT x'], '"TXT x" is not a full name'],
  ])('refuses %j', (values, problem) => {
    expect(canonical({ ttl: 60, values })).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem),
    })
  })
})

test('slips of the hand are of one letter, and names', () => {
  expect(slipsOf('api.example.com.').sort()).toEqual(
    ['aapi', 'ai', 'aip', 'ap', 'apii', 'appi', 'pai', 'pi'].map((label) => `${label}.example.com.`),
  )
  expect(slipsOf('wwww.example.com.')).toContain('www.example.com.')
  expect(slipsOf('a.example.com.')).toEqual(['aa.example.com.'])
})
