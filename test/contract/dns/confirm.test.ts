// Proof of a DNS change on BIND with two Unbounds before it: one that honours TTLs, one that keeps answers for 20 s at least.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { askDns } from '../../../lab/dns.ts'
import { freeDnsPort } from '../../../lab/ports.ts'
import { type Bind, startBind } from '../../../lab/servers/bind.ts'
import { type Unbound, startUnbound } from '../../../lab/servers/unbound.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Confirmation } from '../../../workflows/ports/target.ts'
import { connect } from '../changing.ts'
import { freeze } from '../frozen.ts'
import { startNamed, zoneText } from './named.ts'
import { START, bindConfig, bindDeps, dynamicUpdate, hostPort, soon } from './zone-bench.ts'

const MIN_TTL_SECONDS = 20
const PATIENCE_MS = 15_000 // the record of these tests lives 2 s in a cache; a hang must still end

const warm = (resolver: Unbound, name: string): Promise<unknown> => askDns(resolver.dns, name, 'A')

describe('confirm of dns/rfc2136', () => {
  let bind: Bind
  let honest: Unbound
  let greedy: Unbound
  let primary: string
  const fresh = { ttl: 60, values: ['127.0.0.7'] }

  beforeAll(async () => {
    bind = await startBind(START)
    primary = hostPort(bind.dns)
    const before = { authoritative: bind.dns }
    const starting = [
      startUnbound(before),
      startUnbound({ ...before, name: 'unbound-greedy', minTtlSeconds: MIN_TTL_SECONDS }),
    ]
    ;[honest, greedy] = (await Promise.all(starting)) as [Unbound, Unbound]
  })
  afterAll(() => Promise.all([bind, honest, greedy].map((one) => one?.server.close())))

  const confirm = async (target: string, desired: RRset, options: JsonObject): Promise<Confirmation> => {
    const port = connect(rfc2136, bindConfig(bind), bindDeps(bind))
    return (await port.confirm?.({ target, desired, options }, soon())) as Confirmation
  }

  it('is settled at once where nobody has asked before', async () => {
    await dynamicUpdate(bind, 'cold.example.test. A', fresh)
    const { settled, lines } = await confirm('cold.example.test. A', fresh, {
      resolvers: [hostPort(honest.dns)],
    })
    expect(lines).toEqual([
      `authoritative ${primary}: 60 s 127.0.0.7`,
      `resolver ${hostPort(honest.dns)}: 127.0.0.7, 60 s left`,
    ])
    expect(settled).toBe(true)
  })

  it('says what an authoritative server still answers', async () => {
    const { settled, lines } = await confirm('api.example.test. A', fresh, { resolvers: [] })
    expect(lines).toEqual([`authoritative ${primary}: 300 s 127.0.0.1, not yet 60 s 127.0.0.7`])
    expect(settled).toBe(false)
  })

  it('waits for the old answer to run out of the cache of a resolver', async () => {
    const resolver = hostPort(honest.dns)
    await dynamicUpdate(bind, 'moved.example.test. A', { ttl: 2, values: ['127.0.0.1'] })
    await warm(honest, 'moved.example.test')
    const desired = { ttl: 2, values: ['127.0.0.7'] }
    await dynamicUpdate(bind, 'moved.example.test. A', desired)
    const first = await confirm('moved.example.test. A', desired, { resolvers: [resolver] })
    expect(first.settled).toBe(false)
    expect(first.lines[1]).toMatch(
      /: 127\.0\.0\.1, not yet 127\.0\.0\.7; its cached answer has [0-2] s left$/,
    )
    await expect
      .poll(
        async () => (await confirm('moved.example.test. A', desired, { resolvers: [resolver] })).settled,
        {
          timeout: PATIENCE_MS,
          interval: 200,
        },
      )
      .toBe(true)
  })

  it('waits for a former, longer TTL as well: the values alone are not enough', async () => {
    await dynamicUpdate(bind, 'lowered.example.test. A', { ttl: 300, values: ['127.0.0.7'] })
    await warm(honest, 'lowered.example.test')
    await dynamicUpdate(bind, 'lowered.example.test. A', fresh)
    const { settled, lines } = await confirm('lowered.example.test. A', fresh, {
      resolvers: [hostPort(honest.dns)],
    })
    expect(lines[1]).toMatch(
      /: 127\.0\.0\.7, but kept for (?:300|299|298|297) s more where the record says 60 s$/,
    )
    expect(settled).toBe(false)
  })

  it('shows the resolver that ignores low TTLs, next to the one that does not', async () => {
    const desired = { ttl: 6, values: ['127.0.0.7'] }
    await dynamicUpdate(bind, 'low.example.test. A', desired)
    const resolvers = [hostPort(honest.dns), hostPort(greedy.dns)]
    const { settled, lines } = await confirm('low.example.test. A', desired, { resolvers })
    expect(lines).toEqual([
      `authoritative ${primary}: 6 s 127.0.0.7`,
      `resolver ${resolvers[0]}: 127.0.0.7, 6 s left`,
      `resolver ${resolvers[1]}: 127.0.0.7, but kept for ${MIN_TTL_SECONDS} s more where the record says 6 s`,
    ])
    expect(settled).toBe(false)
  })

  it('confirms that a record is gone', async () => {
    const { settled, lines } = await confirm(
      'never.example.test. A',
      { ttl: 0, values: [] },
      { resolvers: [hostPort(honest.dns)] },
    )
    expect(lines).toEqual([
      `authoritative ${primary}: no record`,
      `resolver ${hostPort(honest.dns)}: no record`,
    ])
    expect(settled).toBe(true)
  })

  it('makes a line of a server that refuses, of one that is not there, and of one without authority', async () => {
    const nobody = `127.0.0.1:${await freeDnsPort()}`
    const found = await confirm('cold.example.test. A', fresh, {
      servers: [primary, nobody, hostPort(honest.dns)],
      resolvers: [nobody],
    })
    expect(found.settled).toBe(false)
    expect(found.lines[0]).toBe(`authoritative ${primary}: 60 s 127.0.0.7`)
    expect(found.lines[1]).toMatch(
      `authoritative ${nobody}: ${nobody} gave no answer to cold.example.test. A`,
    )
    expect(found.lines[2]).toMatch(/: (?:REFUSED|answers without authority: it does not serve this zone)$/)
    expect(found.lines[3]).toMatch(`resolver ${nobody}: ${nobody} gave no answer to cold.example.test. A`)
  })

  it('makes lines of servers that say nothing', async () => {
    const resolver = hostPort(honest.dns)
    const outage = await freeze(bind.server.pid)
    try {
      const { settled, lines } = await confirm('silent.example.test. A', fresh, { resolvers: [resolver] })
      expect(settled).toBe(false)
      expect(lines).toEqual([
        `authoritative ${primary}: ${primary} gave no answer to silent.example.test. A within 1200 ms`,
        `resolver ${resolver}: ${resolver} gave no answer to silent.example.test. A within 1200 ms`,
      ])
    } finally {
      await outage.end()
    }
  })

  it('takes a server that answers under one of its addresses for one that has answered', async () => {
    const mine = await startNamed({
      ready: 'v6.test',
      files: {
        'v6.db': zoneText('v6.test.', [
          'ns1.v6.test. 3600 IN AAAA 2001:db8::53',
          'api.v6.test. 60 IN A 127.0.0.7',
        ]),
      },
      zones: `key "k" { algorithm hmac-sha256; secret "${bind.key.secret}"; };
zone "v6.test" { type primary; file "v6.db"; update-policy { grant k zonesub A; }; };`,
    })
    try {
      const config = { ...bindConfig(bind), server: mine.address, zone: 'v6.test.', key_name: 'k' }
      const port = connect(rfc2136, config, bindDeps(bind))
      const look = async (desired: RRset) =>
        await port.confirm?.({ target: 'api.v6.test. A', desired, options: { resolvers: [] } }, soon())
      const found = await look(fresh)
      expect(found?.settled, found?.lines.join('\n')).toBe(true)
      expect(found?.lines[0]).toBe(`authoritative ${mine.address}: 60 s 127.0.0.7`)
      expect(found?.lines[1]).toMatch(
        /^authoritative 2001:db8::53: 2001:db8::53 gave no answer to api\.v6\.test\. A.* \(it answers under another of its addresses\)$/,
      )
      expect((await look({ ttl: 60, values: ['127.0.0.8'] }))?.settled, 'its answer still counts').toBe(false)
    } finally {
      await mine.server.close()
    }
  })

  it('asks a server that is named by its name under every address of it', async () => {
    const { port } = bind.dns
    const found = await confirm('cold.example.test. A', fresh, {
      servers: [`localhost:${port}`],
      resolvers: [],
    })
    expect(found.lines).toContain(`authoritative 127.0.0.1:${port}: 60 s 127.0.0.7`)
    expect(found.settled).toBe(true)
  })

  it('refuses options that name no servers', async () => {
    await expect(
      confirm('cold.example.test. A', fresh, { resolvers: ['not an address'] }),
    ).rejects.toMatchObject({
      type: 'Config',
      message:
        'cannot verify DNS: resolvers.0: not a server address: write host or host:port, such as 10.0.0.53 or 10.0.0.53:5353',
    })
  })

  it('ends when it is told to', async () => {
    const port = connect(rfc2136, bindConfig(bind), bindDeps(bind))
    const reason = new Error('the run was told to stop')
    const request = { target: 'api.example.test. A', desired: fresh, options: { resolvers: [] } }
    await expect(port.confirm?.(request, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
