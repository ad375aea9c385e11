// dns/rfc2136 on BIND: the contract with both algorithms, what each refusal becomes, and that only a signed answer is believed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { askDns } from '../../../lab/dns.ts'
import { type Bind, startBind } from '../../../lab/servers/bind.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { changingContract, connect } from '../changing.ts'
import { type Forger, startForger } from './forger.ts'
import { startNamed, zoneText } from './named.ts'
import {
  START,
  TARGET,
  bindBench,
  bindConfig,
  bindDeps,
  dynamicUpdate,
  hostPort,
  soon,
} from './zone-bench.ts'

const without = ['missing target'] as const // every name can be created
changingContract('dns/rfc2136 on BIND, hmac-sha256', () => bindBench('hmac-sha256'), without)
changingContract('dns/rfc2136 on BIND, hmac-sha512', () => bindBench('hmac-sha512'), without)

describe('dns/rfc2136 on BIND', () => {
  let bind: Bind
  let at: string
  const before: RRset = { ttl: 300, values: ['127.0.0.1'] }
  const desired: RRset = { ttl: 60, values: ['127.0.0.7'] }

  beforeAll(async () => {
    bind = await startBind(START)
    at = hostPort(bind.dns)
  })
  afterAll(() => bind?.server.close())

  const port = (more: JsonObject = {}, deps = bindDeps(bind)): Changing =>
    connect(rfc2136, { ...bindConfig(bind), ...more }, deps)
  const seen = async (target = TARGET): Promise<RRset> =>
    (await port().observe(target, soon())).value as RRset
  const write = (
    by: Changing,
    change: { target?: string; desired?: RRset; seen?: RRset } = {},
  ): Promise<void> =>
    by.write(
      {
        target: change.target ?? TARGET,
        desired: change.desired ?? desired,
        seen: { value: change.seen ?? before },
      },
      soon(),
    )

  it.each([
    ['new.example.test. A', { ttl: 60, values: ['127.0.0.7', '127.0.0.8'] }],
    ['new.example.test. AAAA', { ttl: 60, values: ['2001:db8::1', '2001:db8::2'] }],
    ['alias.example.test. CNAME', { ttl: 60, values: ['www.example.test.'] }],
    ['new.example.test. TXT', { ttl: 60, values: ['"a \\"quoted\\" \\\\ \\228" "second"', '"v=1"'] }],
  ])('creates %s and removes it again', async (target, rrset) => {
    expect(await seen(target)).toEqual({ ttl: 0, values: [] })
    await write(port(), { target, desired: rrset, seen: { ttl: 0, values: [] } })
    expect(await seen(target)).toEqual(rrset)
    await write(port(), { target, desired: { ttl: 0, values: [] }, seen: rrset })
    expect(await seen(target)).toEqual({ ttl: 0, values: [] })
  })

  it('takes names and values in any spelling', async () => {
    const rrset = { ttl: 60, values: ['2001:DB8:0:0::2', '2001:db8::1'] }
    await write(port(), { target: 'Any.Example.TEST AAAA', desired: rrset, seen: { ttl: 0, values: [] } })
    expect(await seen('any.example.test. AAAA')).toEqual({ ttl: 60, values: ['2001:db8::1', '2001:db8::2'] })
    await write(port(), { target: 'any.example.test. AAAA', desired: { ttl: 0, values: [] }, seen: rrset })
  })

  it('carries record sets that do not fit a datagram', async () => {
    const values = Array.from({ length: 40 }, (_, index) => `127.0.1.${index}`).sort()
    await write(port(), {
      target: 'big.example.test. A',
      desired: { ttl: 60, values },
      seen: { ttl: 0, values: [] },
    })
    expect(await seen('big.example.test. A')).toEqual({ ttl: 60, values })
  })

  it('sees a foreign change of the TTL alone', async () => {
    await dynamicUpdate(bind, TARGET, { ...before, ttl: 299 })
    await expect(write(port())).rejects.toMatchObject({
      type: 'Conflict',
      message: `${TARGET} is no longer as it was seen: expected 300 s 127.0.0.1, found 299 s 127.0.0.1`,
    })
    await dynamicUpdate(bind, TARGET, before)
  })

  it('says which secret is wrong', async () => {
    await expect(write(port({ key: 'env:WRONG' }))).rejects.toMatchObject({
      type: 'Denied',
      message: `question for ${TARGET} to ${at}: BADSIG, the secret of the key "cutover-key." (hmac-sha256) is not the server's: check what \`key\` refers to`,
    })
  })

  it.each([{ key_name: 'nobody' }, { algorithm: 'hmac-sha512' }])(
    'says that the server does not know the key: %j',
    async (more) => {
      await expect(write(port(more))).rejects.toMatchObject({
        type: 'Denied',
        message: expect.stringContaining('BADKEY, the server does not know the key'),
      })
    },
  )

  it('says by how much the clock is wrong', async () => {
    const late = bindDeps(bind, { now: () => Date.now() - 4_000_000 })
    await expect(write(port({}, late))).rejects.toMatchObject({
      type: 'Config',
      message: expect.stringMatching(
        /BADTIME, the clock differs by (3999|4000|4001) s: fix NTP on the worker or the server$/,
      ),
    })
  })

  it('says that the server does not serve the zone', async () => {
    await expect(port({ zone: 'other.test.' }).observe('api.other.test. A', soon())).rejects.toMatchObject({
      type: 'Denied',
      message: `${at} answers api.other.test. A with REFUSED: it does not serve other.test., or does not let this worker ask (BIND: allow-query)`,
    })
  })

  it('notices that the name lives in another zone', async () => {
    await expect(
      port({ zone: 'sub.example.test.' }).observe('api.sub.example.test. A', soon()),
    ).rejects.toMatchObject({
      type: 'Config',
      message: `${at} holds api.sub.example.test. in the zone example.test., not in sub.example.test.: check zone`,
    })
  })

  it.each([
    [
      'api.example.org. A',
      'Config',
      'api.example.org. is not in the zone example.test.: use a connection to its own zone, or write the full name',
    ],
    [
      'example.test. MX',
      'Config',
      'example.test. MX: this provider changes records of type A, AAAA, CNAME, TXT only',
    ],
    ['api', 'Config', '"api" is no record: write "<name>. <TYPE>", such as "api.example.test. A"'],
  ])('refuses the target %s', async (target, type, message) => {
    await expect(port().observe(target, soon())).rejects.toMatchObject({ type, message })
  })

  it('names what it finds when it loses a race between look and update', async () => {
    // Seen as absent, so that only the server can tell: the condition of the UPDATE does not hold.
    for (const target of [TARGET, 'www.example.test. CNAME', 'shop.example.test. CNAME']) {
      const found = await seen(target)
      const lost = write(port(), {
        target,
        desired: { ttl: 60, values: [target.endsWith('A') ? '127.0.0.7' : 'mail.example.test.'] },
        seen: { ttl: 0, values: [] },
      })
      await expect(lost).rejects.toMatchObject({
        type: 'Conflict',
        message: expect.stringContaining('is no longer as it was seen: expected no record, found '),
        details: [{ found, writer: null }],
      })
      expect(await seen(target)).toEqual(found)
    }
  })

  it('says which records keep an alias from its place', async () => {
    const addresses = await seen('api.example.test. CNAME')
    const alias = { ttl: 60, values: ['www.example.test.'] }
    await expect(
      write(port(), { target: 'api.example.test. CNAME', desired: alias, seen: addresses }),
    ).rejects.toMatchObject({
      type: 'Rejected',
      message: `UPDATE of api.example.test. CNAME at ${at}: at api.example.test. stand records of other types (TXT), and a CNAME cannot stand next to them: remove them first`,
    })
    expect(await seen('api.example.test. CNAME')).toEqual(addresses)
  })

  it('does not take the answer of a wildcard for a record, creates one below it, and removes it again', async () => {
    const none: RRset = { ttl: 0, values: [] }
    const wild = { ttl: 60, values: ['127.0.0.5'] }
    const target = 'one.wild.example.test. A'
    await write(port(), { target: '*.wild.example.test. A', desired: wild, seen: none })
    expect(await port().observe(target, soon())).toMatchObject({
      value: none,
      cautions: [`${target} is answered by a wildcard (60 s 127.0.0.5): it is not there itself`],
    })
    await write(port(), { target, seen: none })
    expect(await seen(target)).toEqual(desired)
    await write(port(), { target, desired: none, seen: desired })
    expect(await seen(target)).toEqual(none)
    await write(port(), { target: '*.wild.example.test. A', desired: none, seen: wild })
  })

  it('leaves the zone as it is when it tries whether the key may change a record', async () => {
    const serial = async () => (await askDns(bind.dns, 'example.test', 'SOA')).records[0]?.data
    const start = await serial()
    for (const target of [TARGET, 'www.example.test. CNAME', 'none.example.test. TXT']) await seen(target)
    expect(await serial()).toEqual(start)
  })

  it('says at the first look that the key may not change the record', async () => {
    const mine = await startNamed({
      ready: 'own.test',
      files: { 'own.db': zoneText('own.test.', ['api.own.test. 30 IN A 192.0.2.10']) },
      zones: `key "k" { algorithm hmac-sha256; secret "${bind.key.secret}"; };
zone "own.test" { type primary; file "own.db"; update-policy { grant k name other.own.test. A; }; };`,
    })
    try {
      const config = { server: mine.address, zone: 'own.test.', key_name: 'k' }
      await expect(port(config).observe('api.own.test. A', soon())).rejects.toMatchObject({
        type: 'Denied',
        message: expect.stringContaining('REFUSED, the key "k." (hmac-sha256) may not change this record'),
      })
      expect(await port(config).observe('other.own.test. A', soon())).toMatchObject({ value: { values: [] } })
    } finally {
      await mine.server.close()
    }
  })

  it('refuses a value that is none of its type', async () => {
    await expect(write(port(), { desired: { ttl: 60, values: ['127.0.0.300'] } })).rejects.toMatchObject({
      type: 'Config',
      message: `${TARGET}: "127.0.0.300" is not an IPv4 address such as 192.0.2.10`,
    })
  })

  describe('in front of a forger', () => {
    let forger: Forger
    beforeAll(async () => {
      forger = await startForger({ name: 'api.example.test', address: '127.0.0.1', ttl: 300 })
    })
    afterAll(() => forger?.end())

    it.each(['unsigned', 'signed by another key', 'replayed'] as const)(
      'does not believe a NOERROR that is %s',
      async (manner) => {
        forger.answer(manner)
        await expect(write(port({ server: forger.address }))).rejects.toMatchObject({
          type: 'Unavailable',
          message: `UPDATE of ${TARGET} at ${forger.address}: the answer NOERROR is not signed with the key "cutover-key." and is not believed; the outcome is unknown`,
        })
        expect(forger.updates()).toBeGreaterThan(0)
      },
    )

    it('calls a connection that is cut in the middle an unknown outcome', async () => {
      forger.answer('nothing')
      await expect(write(port({ server: forger.address }))).rejects.toMatchObject({
        type: 'Unavailable',
        message: `UPDATE of ${TARGET} at ${forger.address}: the connection was closed before an answer came; the outcome is unknown`,
      })
    })
  })
})
