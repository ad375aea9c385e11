// An address that becomes an alias, and back: one target, one update, on BIND and on PowerDNS.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { powerdns } from '../../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { askDns } from '../../../lab/dns.ts'
import { type Bind, startBind } from '../../../lab/servers/bind.ts'
import { type Powerdns, startPowerdns } from '../../../lab/servers/powerdns.ts'
import { type Unbound, startUnbound } from '../../../lab/servers/unbound.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect } from '../changing.ts'
import { START, bindConfig, bindDeps, hostPort, powerdnsConfig, powerdnsDeps, soon } from './zone-bench.ts'

const ALIAS = 'www.example.test. CNAME'
const alias: RRset = { ttl: 60, values: ['mail.example.test.'] }

interface Bench {
  port: Changing
  dns: { host: string; port: number }
  end(): Promise<void>
}

async function onBind(): Promise<Bench> {
  const bind: Bind = await startBind(START)
  return {
    port: connect(rfc2136, bindConfig(bind), bindDeps(bind)),
    dns: bind.dns,
    end: () => bind.server.close(),
  }
}

async function onPowerdns(): Promise<Bench> {
  const pdns: Powerdns = await startPowerdns(START)
  return {
    port: connect(powerdns, powerdnsConfig(pdns), powerdnsDeps(pdns)),
    dns: pdns.dns,
    end: () => pdns.server.close(),
  }
}

describe.each([
  ['dns/rfc2136 on BIND', onBind],
  ['dns/powerdns', onPowerdns],
])('%s', (_name, open) => {
  let bench: Bench
  let resolver: Unbound
  beforeAll(async () => {
    bench = await open()
    resolver = await startUnbound({ authoritative: bench.dns })
  })
  afterAll(() => Promise.all([bench?.end(), resolver?.server.close()]))

  const change = (target: string, desired: RRset, expected: RRset) =>
    applyTo(bench.port, { target, desired, expected }, soon())
  const shown = async (name: string, type: 'A' | 'AAAA' | 'CNAME'): Promise<unknown[]> =>
    (await askDns(bench.dns, name, type)).records.map((record) => [record.type, record.ttl, record.data])
  const confirm = async (target: string, desired: RRset, resolvers: string[] = []) =>
    await bench.port.confirm?.({ target, desired, options: { resolvers } }, soon())

  it('puts an alias in the place of addresses of both families, and exactly those back', async () => {
    await change('www.example.test. AAAA', { ttl: 30, values: ['2001:db8::2'] }, { ttl: 0, values: [] })
    const before: RRset = {
      ttl: 300,
      values: ['A 127.0.0.2', 'A 127.0.0.3', 'AAAA 2001:db8::2'],
      ttls: { A: 300, AAAA: 30 },
    }
    expect((await bench.port.observe(ALIAS, soon())).value).toEqual(before)
    await askDns(resolver.dns, 'www.example.test', 'A') // it keeps the addresses now
    expect(await change(ALIAS, alias, before)).toMatchObject({ written: 'written', readBack: 'match' })
    expect(await shown('www.example.test', 'A')).toEqual([
      ['CNAME', 60, 'mail.example.test'],
      ['A', 300, '127.0.0.4'],
    ])
    expect((await confirm(ALIAS, alias))?.settled).toBe(true)
    const stale = await confirm(ALIAS, alias, [hostPort(resolver.dns)])
    expect(stale?.settled, 'a resolver that still hands out the addresses').toBe(false)
    expect(stale?.lines.join('\n')).toMatch(/: A 127\.0\.0\.2 127\.0\.0\.3, not yet no record/)
    expect(await change(ALIAS, before, alias)).toMatchObject({ written: 'written', readBack: 'match' })
    expect(await shown('www.example.test', 'AAAA')).toEqual([['AAAA', 30, '2001:db8::2']])
    expect((await shown('www.example.test', 'A')).length).toBe(2)
    expect((await bench.port.observe(ALIAS, soon())).value).toEqual(before)
    await change('www.example.test. AAAA', { ttl: 0, values: [] }, { ttl: 30, values: ['2001:db8::2'] })
  })

  it('puts addresses in the place of an alias, and the alias back', async () => {
    const target = 'shop.example.test. CNAME'
    const before: RRset = { ttl: 300, values: ['www.example.test.'] }
    const desired: RRset = { ttl: 60, values: ['A 127.0.0.9', 'AAAA 2001:db8::9'] }
    expect(await change(target, desired, before)).toMatchObject({ written: 'written', readBack: 'match' })
    expect(await shown('shop.example.test', 'A')).toEqual([['A', 60, '127.0.0.9']])
    expect((await confirm(target, desired))?.lines).toHaveLength(2)
    expect((await confirm(target, desired))?.settled).toBe(true)
    expect(await change(target, before, desired)).toMatchObject({ written: 'written', readBack: 'match' })
    expect((await shown('shop.example.test', 'A'))[0]).toEqual(['CNAME', 300, 'www.example.test'])
  })

  it('refuses an alias where other records stand, and leaves everything as it was', async () => {
    const before = (await bench.port.observe('api.example.test. CNAME', soon())).value as RRset
    expect(before.values).toEqual(['A 127.0.0.1'])
    await expect(change('api.example.test. CNAME', alias, before)).rejects.toMatchObject({ type: 'Rejected' })
    expect(await shown('api.example.test', 'A')).toEqual([['A', 300, '127.0.0.1']])
  })

  it('calls the address of an alias Missing and names the alias', async () => {
    for (const type of ['A', 'AAAA', 'TXT']) {
      await expect(bench.port.observe(`shop.example.test. ${type}`, soon())).rejects.toMatchObject({
        type: 'Missing',
        message: expect.stringMatching(
          /^there is no shop\.example\.test\. \w+: shop\.example\.test\. is a CNAME to www\.example\.test\.: name the CNAME \(and the records behind it\)/,
        ),
      })
    }
  })

  it('names what is there in the place of a slip of the hand', async () => {
    for (const slip of ['wwww', 'ww'])
      expect(await bench.port.observe(`${slip}.example.test. A`, soon())).toMatchObject({
        value: { values: [] },
        cautions: [`there is no ${slip}.example.test. A, but there is www.example.test.`],
      })
    expect(await bench.port.observe('quite-another.example.test. A', soon())).not.toHaveProperty('cautions')
  })

  it('knows how long caches keep an alias with what is behind it, and that there is nothing', async () => {
    await change(
      'mail.example.test. A',
      { ttl: 3600, values: ['127.0.0.4'] },
      { ttl: 300, values: ['127.0.0.4'] },
    )
    await change('post.example.test. CNAME', alias, { ttl: 0, values: [] })
    expect(await bench.port.observe('post.example.test. CNAME', soon())).toMatchObject({
      value: alias,
      facts: { chainTtl: 3600 },
    })
    const none = await bench.port.observe('none.example.test. A', soon())
    expect(none.value).toEqual({ ttl: 0, values: [] })
    expect(none.facts?.['negativeTtl']).toBeGreaterThan(0)
  })
})
