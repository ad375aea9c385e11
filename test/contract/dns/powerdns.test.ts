// dns/powerdns on the real server: the contract, what each refusal becomes, and that a 204 alone is not believed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { powerdns } from '../../../activities/dns/powerdns/index.ts'
import { type Powerdns, startPowerdns } from '../../../lab/servers/powerdns.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { changingContract, connect } from '../changing.ts'
import {
  START,
  TARGET,
  apiPatch,
  hostPort,
  powerdnsBench,
  powerdnsConfig,
  powerdnsDeps,
  soon,
} from './zone-bench.ts'

changingContract('dns/powerdns', powerdnsBench, ['missing target']) // every name can be created

describe('dns/powerdns', () => {
  let pdns: Powerdns
  const absent: RRset = { ttl: 0, values: [] }
  const before: RRset = { ttl: 300, values: ['127.0.0.1'] }

  beforeAll(async () => {
    pdns = await startPowerdns(START)
  })
  afterAll(() => pdns?.server.close())

  const port = (more: JsonObject = {}): Changing =>
    connect(powerdns, { ...powerdnsConfig(pdns), ...more }, powerdnsDeps(pdns))
  const seen = async (target: string): Promise<RRset> => (await port().observe(target, soon())).value as RRset
  const write = (target: string, desired: RRset, from: RRset): Promise<void> =>
    port().write({ target, desired, seen: { value: from } }, soon())

  it.each([
    ['new.example.test. AAAA', { ttl: 60, values: ['2001:db8::1', '2001:db8::2'] }],
    ['alias.example.test. CNAME', { ttl: 60, values: ['www.example.test.'] }],
    ['new.example.test. TXT', { ttl: 60, values: ['"a \\"quoted\\" \\\\ \\228" "second"', '"v=1"'] }],
  ])('creates %s and removes it again', async (target, rrset) => {
    expect(await seen(target)).toEqual(absent)
    await write(target, rrset, absent)
    expect(await seen(target)).toEqual(rrset)
    await write(target, absent, rrset)
    expect(await seen(target)).toEqual(absent)
  })

  it('keeps comments and disabled records through a change, a removal and the way back', async () => {
    const target = 'kept.example.test. A'
    const records = [
      { content: '127.0.0.1', disabled: false },
      { content: '127.0.0.66', disabled: true },
    ]
    const comments = [{ content: 'asked for by raj', account: 'raj' }]
    await apiPatch(pdns, target, { ...before, records, comments })
    expect(await seen(target)).toEqual(before)
    const whole = await stored(pdns, 'kept.example.test.', 'A')
    expect(whole).toMatchObject({ records, comments })
    await write(target, { ttl: 60, values: ['127.0.0.7'] }, before)
    await write(target, absent, { ttl: 60, values: ['127.0.0.7'] })
    expect(await seen(target)).toEqual(absent)
    await write(target, before, absent)
    expect(await stored(pdns, 'kept.example.test.', 'A')).toEqual(whole)
  })

  it('keeps the comments of a record set that is removed and put back', async () => {
    const target = 'noted.example.test. A'
    await apiPatch(pdns, target, { ...before, comments: [{ content: 'asked for by ana', account: 'ana' }] })
    const whole = await stored(pdns, 'noted.example.test.', 'A')
    await write(target, absent, before)
    await write(target, before, absent)
    expect(await stored(pdns, 'noted.example.test.', 'A')).toEqual(whole)
  })

  it('writes LUA weights, and proves them by an answer from among them', async () => {
    const target = 'lua.example.test. LUA'
    const weights = { ttl: 30, values: [`A "pickwrandom({{90,'127.0.0.1'},{10,'127.0.0.7'}})"`] }
    await write(target, weights, absent)
    expect(await seen(target)).toEqual(weights)
    const confirmed = await port().confirm?.({ target, desired: weights, options: {} }, soon())
    expect(confirmed?.settled).toBe(true)
    expect(confirmed?.lines.join()).toMatch(/^authoritative 127\.0\.0\.1:\d+: 30 s 127\.0\.0\.[17]$/)
    await write(target, absent, weights)
  })

  it.each([`A "pickwrandom({{0,'127.0.0.1'},{0,'127.0.0.7'}})"`, `A "this is no LUA("`])(
    'does not believe the 204 for %s: the server fails to answer it',
    async (value) => {
      const target = 'broken.example.test. LUA'
      const broken = { ttl: 30, values: [value] }
      await expect(write(target, broken, absent)).rejects.toMatchObject({
        type: 'Rejected',
        message: `broken.example.test. A: PowerDNS took the record (204), but ${hostPort(pdns.dns)} now answers SERVFAIL: the content cannot be served`,
      })
      expect((await port().confirm?.({ target, desired: broken, options: {} }, soon()))?.lines).toEqual([
        `authoritative ${hostPort(pdns.dns)}: SERVFAIL`,
      ])
      await write(target, absent, broken)
    },
  )

  it('names the setting to check for each refusal', async () => {
    const at = pdns.apiUrl
    const reading = `reading api.example.test. at ${at}`
    await expect(port({ api_key: 'env:WRONG' }).observe(TARGET, soon())).rejects.toMatchObject({
      type: 'Denied',
      message: `${reading}: 401 "Unauthorized": check api_key, and webserver-allow-from on the server`,
    })
    await expect(port({ zone: 'other.test' }).observe('api.other.test. A', soon())).rejects.toMatchObject({
      type: 'Missing',
      message: `reading api.other.test. at ${at}: 404 "Not Found": there is no zone other.test. on the server "localhost": check zone and server_id`,
    })
    await expect(port({ url: `${at}/elsewhere` }).observe(TARGET, soon())).rejects.toMatchObject({
      type: 'Missing',
    })
  })

  it('repeats the words with which the server refuses content', async () => {
    const target = 'api.example.test. CNAME' // a TXT stands there
    const alias = { ttl: 60, values: ['www.example.test.'] }
    await expect(write(target, alias, await seen(target))).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringMatching(
        /^writing api\.example\.test\. CNAME at http:\S+: 422 ".*Conflicts with.*"$/,
      ),
    })
  })

  it('refuses a LUA value that is none', async () => {
    await expect(
      write('lua.example.test. LUA', { ttl: 30, values: ['127.0.0.1'] }, absent),
    ).rejects.toMatchObject({
      type: 'Config',
      message: `lua.example.test. LUA: "127.0.0.1" is no LUA record: write A "pickwrandom({{90,'192.0.2.1'},{10,'192.0.2.2'}})"`,
    })
  })

  it('finds its witnesses in the NS records when none are named, and says when they do not answer', async () => {
    const found = await port({ servers: [] }).confirm?.(
      { target: TARGET, desired: before, options: {} },
      soon(),
    )
    expect(found?.settled).toBe(false)
    expect(found?.lines).toHaveLength(1)
    expect(found?.lines[0]).toMatch(
      /^authoritative ns1\.example\.test: ns1\.example\.test gave no answer to api\.example\.test\. A/,
    )
  })
})

async function stored(pdns: Powerdns, name: string, type: string): Promise<unknown> {
  // The whole zone: filtered replies leave disabled records out (4.7).
  const url = `${pdns.apiUrl}/api/v1/servers/localhost/zones/${pdns.zone}`
  const reply = await fetch(url, { headers: { 'x-api-key': pdns.apiKey } })
  const { rrsets } = (await reply.json()) as {
    rrsets: { name: string; type: string; records: { content: string }[] }[]
  }
  const found = rrsets.find((one) => one.name === name && one.type === type)
  return { ...found, records: found?.records.toSorted((a, b) => a.content.localeCompare(b.content)) }
}
