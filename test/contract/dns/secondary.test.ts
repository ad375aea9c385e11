// A server that only holds a copy of the zone: found out at the first look, by a trial that changes nothing; where it passes
// updates on, a change shows after the transfer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { powerdns } from '../../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { type Powerdns, startPowerdns } from '../../../lab/servers/powerdns.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type Named, secretOf, startNamed, zoneText } from './named.ts'
import { START, powerdnsConfig, powerdnsDeps, soon } from './zone-bench.ts'

const ZONE = 'copy.test.'
const TARGET = `api.${ZONE} A`
const before = { ttl: 30, values: ['192.0.2.10'] }
const desired = { ttl: 30, values: ['192.0.2.20'] }
const SHOWN_WITHIN_MS = 20_000 // notify and transfer take a second or two here

describe('dns/rfc2136 on a secondary', () => {
  const secret = secretOf()
  const keyText = `key "k" { algorithm hmac-sha256; secret "${secret}"; };`
  let primary: Named
  let closed: Named
  let forwarding: Named
  const at = (server: Named): Changing =>
    connect(
      rfc2136,
      { server: server.address, zone: ZONE, key: 'env:K', key_name: 'k', servers: [server.address] },
      testDeps({ secrets: { 'env:K': secret } }),
    )

  beforeAll(async () => {
    primary = await startNamed({
      ready: 'copy.test',
      files: { 'copy.db': zoneText(ZONE, [`api.${ZONE} 30 IN A 192.0.2.10`]) },
      zones: `${keyText} zone "copy.test" { type primary; file "copy.db"; update-policy { grant k zonesub A; }; };`,
    })
    const copy = (more: string) =>
      startNamed({
        ready: 'copy.test',
        files: {},
        options: 'notify no; min-refresh-time 1; max-refresh-time 1;',
        zones: `${keyText} zone "copy.test" { type secondary; file "copy.db"; primaries { 127.0.0.1 port ${primary.dns.port}; }; ${more} };`,
      })
    ;[closed, forwarding] = (await Promise.all([copy(''), copy('allow-update-forwarding { key k; };')])) as [
      Named,
      Named,
    ]
  })
  afterAll(() => Promise.all([primary, closed, forwarding].map((one) => one?.server.close())))

  it('that takes no updates is refused at the first look, which names the primary', async () => {
    await expect(at(closed).observe(TARGET, soon())).rejects.toMatchObject({
      type: 'Denied',
      message: expect.stringMatching(
        /^trial of an UPDATE of api\.copy\.test\. A at \S+, which changes nothing: REFUSED, .*; or \S+ is a secondary, which takes no updates: the primary that copy\.test\. names is ns1\.copy\.test\.$/,
      ),
    })
    expect(await at(primary).observe(TARGET, soon())).toMatchObject({ value: before })
  })

  it('that passes updates on is one: the change stands at the primary at once and shows here after the transfer', async () => {
    const port = at(forwarding)
    const seen = await port.observe(TARGET, soon())
    expect(seen.value).toEqual(before)
    await port.write({ target: TARGET, desired, seen }, soon())
    expect(await at(primary).observe(TARGET, soon())).toMatchObject({ value: desired })
    await expect
      .poll(async () => (await port.observe(TARGET, soon()).catch(() => null))?.value, {
        timeout: SHOWN_WITHIN_MS,
        interval: 250,
      })
      .toEqual(desired)
  })
})

describe('dns/powerdns on a secondary zone', () => {
  let pdns: Powerdns
  beforeAll(async () => {
    pdns = await startPowerdns(START)
  })
  afterAll(() => pdns?.server.close())

  it.each(['Slave', 'Secondary', 'Consumer'])('of kind %s is refused at the first look', async (kind) => {
    const zone = `${kind.toLowerCase()}.test.`
    const base = `${pdns.apiUrl}/api/v1/servers/localhost/zones`
    const headers = { 'x-api-key': pdns.apiKey }
    const masters = ['127.0.0.1:28999']
    const reply = await fetch(base, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name: zone, kind, masters, nameservers: [] }),
    })
    if (!reply.ok) return expect(reply.status, 'this server knows no such kind').toBe(422)
    const port = connect(powerdns, { ...powerdnsConfig(pdns), zone }, powerdnsDeps(pdns))
    const target = `api.${zone} A`
    const refusal = {
      type: 'Config',
      message: expect.stringMatching(
        /is a secondary zone here \(kind (?:Slave|Secondary|Consumer)\): the next transfer from 127\.0\.0\.1:28999 overwrites what is written; name the primary$/,
      ),
    }
    await expect(port.observe(target, soon())).rejects.toMatchObject(refusal)
    const write = { target, desired, seen: { value: { ttl: 0, values: [] } } }
    await expect(port.write(write, soon())).rejects.toMatchObject(refusal)
  })
})
