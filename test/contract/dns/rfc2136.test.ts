// dns/rfc2136 on BIND: the contract with both algorithms, what each refusal becomes, and that only a signed answer is believed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { type Bind, startBind } from '../../../lab/servers/bind.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { changingContract, connect } from '../changing.ts'
import { type Forger, startForger } from './forger.ts'
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
      message: `UPDATE of ${TARGET} at ${at}: BADSIG, the secret of the key "cutover-key." (hmac-sha256) is not the server's: check what \`key\` refers to`,
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

  it('refuses what cannot stand next to a CNAME, either way round', async () => {
    await expect(
      write(port(), { target: 'shop.example.test. A', seen: { ttl: 0, values: [] } }),
    ).rejects.toMatchObject({
      type: 'Rejected',
      message:
        'shop.example.test. is a CNAME to www.example.test., and no A can stand next to it: change the target shop.example.test. CNAME',
    })
    const alias = {
      target: 'www.example.test. CNAME',
      desired: { ttl: 60, values: ['api.example.test.'] },
      seen: { ttl: 0, values: [] },
    }
    await expect(write(port(), alias)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('YXDOMAIN, other records stand at this name'),
    })
  })

  it('refuses to write to a name that only a wildcard answers for', async () => {
    const wild = { ttl: 60, values: ['127.0.0.5'] }
    await write(port(), { target: '*.wild.example.test. A', desired: wild, seen: { ttl: 0, values: [] } })
    expect(await seen('one.wild.example.test. A')).toEqual(wild)
    await expect(write(port(), { target: 'one.wild.example.test. A', seen: wild })).rejects.toMatchObject({
      type: 'Conflict',
      message: `UPDATE of one.wild.example.test. A at ${at}: NXRRSET, the record is no longer as it was seen (or only a wildcard answers for it); nothing was changed`,
    })
    await write(port(), { target: '*.wild.example.test. A', desired: { ttl: 0, values: [] }, seen: wild })
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
