// traffic/haproxy over servers that differ: a backup or a server in maintenance proves nothing, and a small machine keeps its
// part of its side's share.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { freePort } from '../../../lab/ports.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { command } from './haproxy-server.ts'
import { type OwnHaproxy, startOwnHaproxy } from './own-haproxy.ts'
import { type Upstream, sendLoad, startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']

let upstreams: Upstream[]
let edge: OwnHaproxy
let stickyPort = 0
const open = (config: JsonObject): Changing =>
  connect(provider, { socket: edge.socket, ...config }, testDeps())
const weights = async (backend: string): Promise<Record<string, number>> => {
  const rows = (await command(edge.socket, `show servers state ${backend}`)).trim().split('\n').slice(2)
  return Object.fromEntries(rows.map((row) => row.split(' ')).map((row) => [row[3], Number(row[7])]))
}
const write = async (port: Changing, desired: Json, before?: Json): Promise<unknown> => {
  const seen = await port.observe('split', io())
  return port
    .write({ target: 'split', desired, seen, ...(before === undefined ? {} : { before }) }, io())
    .then(
      () => null,
      (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
    )
}
/** Counts from a first look on, under load, as a hold does. */
const prove = async (port: Changing, desired: Json, options: JsonObject) => {
  const first = await port.confirm!({ target: 'split', desired, options }, io())
  await sendLoad({ url: edge.url, requests: 100, perSecond: 500 })
  return port.confirm!({ target: 'split', desired, options, memory: first.memory! }, io())
}

beforeAll(async () => {
  upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old, fresh] = upstreams.map(({ port }) => port)
  edge = await startOwnHaproxy(
    `  server v1 127.0.0.1:${old} weight 100
  server v2 127.0.0.1:${fresh} weight 0 backup
  server v3 127.0.0.1:${fresh} weight 0 disabled
  server v4 127.0.0.1:${fresh} weight 0`,
    `backend uneven
  server big 127.0.0.1:${old} weight 200
  server small 127.0.0.1:${old} weight 50
  server v2 127.0.0.1:${fresh} weight 0
backend odd
  server big 127.0.0.1:${old} weight 256
  server small 127.0.0.1:${old} weight 1
  server v2 127.0.0.1:${fresh} weight 0
backend larger
  server v1 127.0.0.1:${old} weight 1
  server b1 127.0.0.1:${fresh} weight 30
  server b2 127.0.0.1:${fresh} weight 10
backend defaults
  server v1 127.0.0.1:${old} weight 1
  server v2 127.0.0.1:${fresh} weight 0
backend idle
  server v1 127.0.0.1:${old} weight 0
  server v2 127.0.0.1:${fresh} weight 0
frontend sticky
  bind 127.0.0.1:${(stickyPort = await freePort())}
  default_backend sticky
backend sticky
  cookie SIDE insert indirect nocache
  server v1 127.0.0.1:${old} weight 100 cookie a
  server v2 127.0.0.1:${fresh} weight 0 cookie b agent-check agent-port ${old}`,
  )
})
afterAll(async () => {
  await edge.server.close()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
})

describe('traffic/haproxy says in the plan', () => {
  it('that a cookie keeps users where they are, on the way back too, and that an agent may set weights', async () => {
    const port = open({ backend: 'sticky', old: 'v1', new: 'v2' })
    expect((await port.observe('split', io())).cautions).toEqual([
      expect.stringMatching(/^it keeps users on their server by the cookie SIDE: .* on the way back too$/),
      expect.stringMatching(/^v2 has an agent check, .*`disable agent BACKEND\/v2`/),
    ])
    const ask = async (cookie?: string) => {
      const headers = cookie === undefined ? {} : { cookie }
      return await fetch(`http://127.0.0.1:${stickyPort}/`, { headers })
    }
    expect(await write(port, { old: 0, new: 100 })).toBe(null)
    const first = await ask()
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0]
    expect(cookie).toBe('SIDE=b')
    expect(await write(port, { old: 100, new: 0 })).toBe(null)
    expect([(await ask()).headers.get('x-side'), (await ask(cookie)).headers.get('x-side')]).toEqual([
      'old',
      'new',
    ])
  })

  it('that there is no way back to weights of which nobody is served', async () => {
    const port = open({ backend: 'idle', old: 'v1', new: 'v2' })
    const { value } = await port.observe('split', io(), [{ old: 95, new: 5 }])
    expect(value).toEqual({ old: 0, new: 0, members: { v1: 0, v2: 0 } })
    await expect(port.observe('split', io(), [value])).rejects.toMatchObject({
      type: 'Rejected',
      message: `setting weights v1 0, v2 0 in backend idle at ${edge.socket}: nobody would be served`,
    })
  })
})

describe('traffic/haproxy proves by requests that came', () => {
  it.each([
    ['v2', 'v2 is a backup server', /^v2 is a backup server: it gets no request/],
    ['v3', 'v3 is MAINT', /^v3 is MAINT: it was taken out by hand/],
  ])(
    'never takes 5 % for proven that %s got nothing of, and warns beforehand',
    async (fresh, note, caution) => {
      const port = open({ backend: 'bk', old: 'v1', new: fresh })
      expect((await port.observe('split', io())).cautions).toContainEqual(expect.stringMatching(caution))
      expect(await write(port, { old: 95, new: 5 })).toBe(null)
      const { settled, lines } = await prove(port, { old: 95, new: 5 }, { samples: 60, tolerance: 10 })
      expect(lines).toEqual([
        'old 100.0 % of 100 requests, wanted 95 % within 2.5 points',
        'new 0.0 % of 100 requests, wanted 5 % within 2.5 points',
        note,
      ])
      expect(settled).toBe(false)
      expect(await write(port, { old: 100, new: 0 })).toBe(null)
    },
  )

  it('wants every server of a side to be seen, and proves once they are', async () => {
    const port = open({ backend: 'bk', old: 'v1', new: ['v2', 'v4'] })
    expect(await write(port, { old: 90, new: 10 })).toBe(null)
    const { lines } = await prove(port, { old: 90, new: 10 }, { samples: 60, tolerance: 10 })
    expect(lines).toContain('v2 is a backup server')
    await command(edge.socket, 'set weight bk/v2 0; set weight bk/v4 0; set weight bk/v1 100')
    const single = open({ backend: 'bk', old: 'v1', new: 'v4' })
    expect(await write(single, { old: 90, new: 10 })).toBe(null)
    expect((await prove(single, { old: 90, new: 10 }, { samples: 60, tolerance: 10 })).settled).toBe(true)
    expect(await write(single, { old: 100, new: 0 })).toBe(null)
  })
})

describe('traffic/haproxy keeps the proportion within a side', () => {
  const config = { backend: 'uneven', old: ['big', 'small'], new: 'v2' }

  it('at every share, forth and back, and restores exactly', async () => {
    const port = open(config)
    const before = (await port.observe('split', io())).value
    expect(before).toEqual({ old: 100, new: 0, members: { big: 200, small: 50, v2: 0 } })
    const seen: Record<string, Record<string, number>> = {}
    for (const share of [5, 25, 50, 90, 95, 100, 50]) {
      expect(await write(port, { old: 100 - share, new: share }, before)).toBe(null)
      expect((await port.observe('split', io())).value).toMatchObject({ old: 100 - share, new: share })
      const now = (seen[share] = await weights('uneven'))
      if (share < 100) expect(now.big! / now.small!).toBeCloseTo(4, 5)
    }
    expect(seen[5]).toEqual({ big: 76, small: 19, v2: 5 })
    expect(seen[100]).toEqual({ big: 0, small: 0, v2: expect.any(Number) })
    expect(await write(port, before, before)).toBe(null)
    expect(await weights('uneven')).toEqual({ big: 200, small: 50, v2: 0 })
  })

  it('takes the sizes of a side that has no weight at run time from the configuration', async () => {
    const port = open({ backend: 'larger', old: 'v1', new: ['b1', 'b2'] })
    await command(edge.socket, 'set weight larger/b1 0; set weight larger/b2 0')
    expect(await write(port, { old: 50, new: 50 })).toBe(null)
    const now = await weights('larger')
    expect(now.b1! / now.b2!).toBe(3)
    expect(now.v1).toBe(now.b1! + now.b2!)
  })

  it('refuses, at the look of the plan, a share that whole weights cannot hold', async () => {
    const port = open({ backend: 'odd', old: ['big', 'small'], new: 'v2' })
    const refusal: unknown = await port
      .observe('split', io(), [
        { old: 95, new: 5 },
        { old: 5, new: 95 },
      ])
      .catch((error: unknown) => `${kindOf(error)}: ${(error as Error).message}`)
    expect(refusal).toBe(
      `Rejected: setting old 5, new 95 in backend odd at ${edge.socket}: whole weights of 0 to 256 cannot express it over 2 old and 1 new servers of sizes big 256, small 1, within 0.5 points of the share and a tenth of each size`,
    )
    await expect(port.observe('split', io(), [{ old: 95, new: 5 }])).resolves.toMatchObject({
      value: { old: 100, new: 0 },
    })
  })

  it('shows weights of 1 and 0 as the percents they are, and restores them as they were', async () => {
    const port = open({ backend: 'defaults', old: 'v1', new: 'v2' })
    const before = (await port.observe('split', io())).value
    expect(before).toEqual({ old: 100, new: 0, members: { v1: 1, v2: 0 } })
    expect(await write(port, { old: 75, new: 25 }, before)).toBe(null)
    expect(await weights('defaults')).toEqual({ v1: 75, v2: 25 })
    expect(await write(port, before, before)).toBe(null)
    expect(await weights('defaults')).toEqual({ v1: 1, v2: 0 })
  })
})
