// One name server, two views: the key selects the external one, the worker's address the internal one. What is looked at,
// written and proven is what the key writes.
import { afterEach, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { askSigned, rrsetOf } from '../../../activities/dns/ask.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type Named, secretOf, startNamed, zoneText } from './named.ts'
import { soon } from './zone-bench.ts'

const TARGET = 'api.example.org. A'
const before = { ttl: 30, values: ['192.0.2.10'] }
const desired = { ttl: 30, values: ['192.0.2.20'] }
const secret = secretOf()
const key = { name: 'ext-key.', algorithm: 'hmac-sha256', secret: Buffer.from(secret, 'base64') } as const

let named: Named
afterEach(() => named?.server.close())

async function begin(internal: string): Promise<Changing> {
  const file = (address: string) => zoneText('example.org.', [`api.example.org. 30 IN A ${address}`])
  named = await startNamed({
    ready: 'example.org',
    files: { 'ext.db': file('192.0.2.10'), 'int.db': file(internal) },
    zones: `key "ext-key" { algorithm hmac-sha256; secret "${secret}"; };
view "external" { match-clients { key ext-key; };
  zone "example.org" { type primary; file "ext.db"; update-policy { grant ext-key zonesub A; }; }; };
view "internal" { match-clients { any; };
  zone "example.org" { type primary; file "int.db"; }; };`,
  })
  const config = {
    server: named.address,
    zone: 'example.org.',
    key: 'env:EXT_KEY',
    key_name: 'ext-key',
    servers: [named.address],
  }
  return connect(rfc2136, config, testDeps({ secrets: { 'env:EXT_KEY': secret } }))
}

async function outside(): Promise<string[]> {
  const question = { server: named.address, name: 'api.example.org.', type: 'A', recursive: false } as const
  const { reply } = await askSigned(question, { key, nowSeconds: Math.floor(Date.now() / 1_000) }, soon())
  return rrsetOf(reply, { name: 'api.example.org.', type: 'A' }).values
}

describe('a zone under two views', () => {
  it.each(['192.0.2.10', '192.0.2.20', '10.0.0.10'])(
    'is moved in the view of the key, whatever the other one holds (%s)',
    async (internal) => {
      const port = await begin(internal)
      const applied = await applyTo(port, { target: TARGET, desired, expected: before }, soon())
      expect(applied).toMatchObject({ written: 'written', readBack: 'match' })
      expect(await outside()).toEqual(['192.0.2.20'])
      const confirmed = await port.confirm?.({ target: TARGET, desired, options: { resolvers: [] } }, soon())
      expect(confirmed?.settled, confirmed?.lines.join()).toBe(true)
      const back = await applyTo(port, { target: TARGET, desired: before, expected: desired }, soon())
      expect(back).toMatchObject({ written: 'written', readBack: 'match' })
      expect(await outside()).toEqual(['192.0.2.10'])
    },
  )

  it('says that others are shown another view, at the first look and in the proof', async () => {
    const port = await begin('10.0.0.10')
    const seen = await port.observe(TARGET, soon())
    expect(seen).toMatchObject({
      value: before,
      cautions: [
        `${named.address} answers ${TARGET} with 30 s 10.0.0.10 where the key is not shown: another view of example.org., which this run neither changes nor proves`,
      ],
    })
    const request = { target: TARGET, desired: before, options: { resolvers: [] } }
    expect(await port.confirm?.(request, soon())).toEqual({
      settled: true,
      lines: [
        `authoritative ${named.address}: 30 s 192.0.2.10; without the key it answers 30 s 10.0.0.10: another view, which this run does not change`,
      ],
    })
  })

  it('says nothing of views that agree', async () => {
    const port = await begin('192.0.2.10')
    expect(await port.observe(TARGET, soon())).not.toHaveProperty('cautions')
  })
})
