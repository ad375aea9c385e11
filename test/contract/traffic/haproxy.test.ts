// traffic/haproxy on real servers: the contract of changing ports, proof by counting under load, and its quirks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { type Haproxy, startHaproxy } from '../../../lab/servers/haproxy.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type QuirkyHaproxy, command, startQuirkyHaproxy } from './haproxy-server.ts'
import { freeze } from '../frozen.ts'
import { type Upstream, sendLoad, startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']

changingContract(
  'traffic/haproxy, one server a side, unix socket',
  async () => {
    const edge = await startEdge()
    const { socket, server } = edge.haproxy
    return {
      provider,
      config: { socket, backend: 'orders', old: 'v1', new: 'v2' },
      deps: testDeps(),
      target: 'split',
      values: [
        { old: 75, new: 25 },
        { old: 0, new: 100 },
      ],
      neighbours: () => command(socket, 'get weight payments/p1; get weight payments/p2'),
      stranger: async (value) => {
        const { old, new: fresh } = value as unknown as Split
        await command(socket, `set weight orders/v2 ${fresh}; set weight orders/v1 ${old}`)
      },
      outage: async () => freeze(server.pid),
      secrets: [],
      end: edge.end,
    }
  },
  ['missing target', 'credentials'],
)

changingContract(
  'traffic/haproxy, several servers a side, TCP socket',
  async () => {
    const edge = await startQuirks()
    const { socket, tcp, readOnlySocket, server } = edge.haproxy
    const config = { backend: 'orders', old: ['a1', 'a2'], new: ['b1', 'b2'] }
    return {
      provider,
      config: { socket: tcp, ...config },
      deps: testDeps(),
      target: 'split',
      values: [
        { old: 75, new: 25 },
        { old: 0, new: 100 },
      ],
      neighbours: () => command(socket, 'get weight uneven/a1; get weight uneven/b1; get weight dying/v1'),
      stranger: async (value) => {
        const { old, new: fresh } = value as unknown as Split
        const lines = ['b1', 'b2'].map((name) => `set weight orders/${name} ${fresh}`)
        await command(
          socket,
          [...lines, ...['a1', 'a2'].map((name) => `set weight orders/${name} ${old}`)].join('; '),
        )
      },
      outage: async () => freeze(server.pid),
      wrongCredentials: { config: { socket: readOnlySocket, ...config } },
      secrets: [],
      end: edge.end,
    }
  },
  ['missing target'],
)

describe('traffic/haproxy under load', () => {
  let edge: Awaited<ReturnType<typeof startEdge>>
  let port: Changing
  beforeAll(async () => {
    edge = await startEdge()
    port = connect(
      provider,
      { socket: edge.haproxy.socket, backend: 'orders', old: 'v1', new: 'v2' },
      testDeps(),
    )
  })
  afterAll(() => edge.end())

  const set = async (desired: Json): Promise<void> => {
    const { value } = await port.observe('split', io())
    expect(await applyTo(port, { target: 'split', desired, expected: value }, io())).toMatchObject({
      readBack: 'match',
    })
  }
  const confirm = (desired: Json, memory?: JsonObject) =>
    port.confirm!(
      { target: 'split', desired, options: { samples: 300, tolerance: 1 }, ...(memory ? { memory } : {}) },
      io(),
    )

  it('loses no request while the split is turned over twenty times', async () => {
    const load = sendLoad({ url: edge.haproxy.url, requests: 2_500, perSecond: 500 })
    for (let flip = 0; flip < 20; flip++) {
      await set(flip % 2 === 0 ? { old: 0, new: 100 } : { old: 100, new: 0 })
      const between = await sendLoad({ url: edge.haproxy.url, requests: 20, perSecond: 200 })
      expect(between).toEqual({ sides: { [flip % 2 === 0 ? 'new' : 'old']: 20 }, failed: [] })
    }
    const served = await load
    expect(served.failed).toEqual([])
    expect(Object.values(served.sides).reduce((sum, count) => sum + count, 0)).toBe(2_500)
    expect(Object.keys(served.sides).sort()).toEqual(['new', 'old'])
  })

  it('proves a split by the requests each side was given, once there are enough of them', async () => {
    const desired = { old: 75, new: 25 }
    await set(desired)
    const first = await confirm(desired)
    expect(first).toMatchObject({ settled: false })
    await sendLoad({ url: edge.haproxy.url, requests: 100, perSecond: 500 })
    const early = await confirm(desired, first.memory)
    expect(early.settled).toBe(false)
    expect(early.lines).toContain('100 of 300 requests needed')
    await sendLoad({ url: edge.haproxy.url, requests: 300, perSecond: 500 })
    const settled = await confirm(desired, early.memory)
    expect(settled).toMatchObject({
      settled: true,
      lines: [
        'old 75.0 % of 400 requests, wanted 75 % within 1 points',
        'new 25.0 % of 400 requests, wanted 25 % within 1 points',
      ],
    })
  })

  it('does not take a split for proven when the requests went elsewhere or the weights are others', async () => {
    await set({ old: 50, new: 50 })
    const first = await confirm({ old: 50, new: 50 })
    await command(edge.haproxy.socket, 'set weight orders/v2 10')
    const other = await confirm({ old: 50, new: 50 }, first.memory)
    expect(other.settled).toBe(false)
    expect(other.lines[0]).toBe('weights are {"v1":50,"v2":10}, not as desired')
    await sendLoad({ url: edge.haproxy.url, requests: 300, perSecond: 500 })
    await command(edge.haproxy.socket, 'set weight orders/v2 50')
    const skewed = await confirm({ old: 50, new: 50 }, other.memory)
    expect(skewed.settled).toBe(false)
    expect(skewed.lines[1]).toBe('new 16.7 % of 300 requests, wanted 50 % within 1 points')
  })

  it('starts counting again when the counters went back', async () => {
    await set({ old: 50, new: 50 })
    await sendLoad({ url: edge.haproxy.url, requests: 20, perSecond: 500 })
    const first = await confirm({ old: 50, new: 50 })
    await command(edge.haproxy.socket, 'clear counters all')
    const again = await confirm({ old: 50, new: 50 }, first.memory)
    expect(again).toMatchObject({ settled: false, lines: ['counting starts at 0 requests'] })
  })
})

describe('traffic/haproxy quirks', () => {
  let edge: Awaited<ReturnType<typeof startQuirks>>
  const open = (config: JsonObject): Changing =>
    connect(provider, { socket: edge.haproxy.socket, ...config }, testDeps())
  beforeAll(async () => void (edge = await startQuirks()))
  afterAll(() => edge.end())

  it('refuses to leave nothing usable and names the server that is down', async () => {
    const port = open({ backend: 'dying', old: 'v1', new: 'v2' })
    expect(await port.observe('split', io())).toMatchObject({ facts: { unusable: ['v2 is DOWN (L4CON)'] } })
    expect(await write(port, { old: 0, new: 100 })).toEqual({
      kind: 'Unavailable', // its check may be good in a second: no final refusal
      message: `setting weights in backend dying at ${edge.haproxy.socket} would leave nothing usable: v1 would have weight 0, v2 would have weight 100 and is DOWN (L4CON). Tried again, for a check may be good in a moment.`,
    })
    expect(await port.observe('split', io())).toMatchObject({ value: { old: 100, new: 0 } })
  })

  it('notices right before it writes what someone else wrote since the look', async () => {
    const port = open({ backend: 'dying', old: 'v1', new: 'v2' })
    const seen = await port.observe('split', io())
    await command(edge.haproxy.socket, 'set weight dying/v1 90')
    await expect(
      port.write({ target: 'split', desired: { old: 80, new: 20 }, seen }, io()),
    ).rejects.toMatchObject({
      type: 'Conflict',
      message: `backend dying at ${edge.haproxy.socket} was changed by someone else: expected {"old":100,"new":0}, found {"old":100,"new":0,"members":{"v1":90,"v2":0}}`,
    })
    await command(edge.haproxy.socket, 'set weight dying/v1 100')
  })

  it('shares by sides, not by servers, when one side has more of them', async () => {
    const port = open({ backend: 'uneven', old: ['a1', 'a2', 'a3'], new: 'b1' })
    const before = await port.observe('split', io())
    expect(before).toMatchObject({
      value: { old: 100, new: 0, members: { a1: 10, a2: 10, a3: 10, b1: 0 } },
      facts: { others: ['other has weight 7 on neither side'] },
    })
    expect(await write(port, { old: 50, new: 50 })).toBe(null)
    expect((await port.observe('split', io())).value).toEqual({
      old: 50,
      new: 50,
      members: { a1: 50, a2: 50, a3: 50, b1: 150 },
    })
    expect(await write(port, before.value)).toBe(null)
    expect((await port.observe('split', io())).value).toEqual(before.value)
  })

  it('says what is wrong with a backend, a server, a balance algorithm, a target', async () => {
    const refusals: [JsonObject, string, string][] = [
      [
        { backend: 'nowhere', old: 'v1', new: 'v2' },
        'Missing',
        'reading backend nowhere at SOCKET: HAProxy said "No such proxy."; check backend, old and new against the running configuration',
      ],
      [
        { backend: 'dying', old: 'v1', new: 'v3' },
        'Missing',
        'reading backend dying at SOCKET: no server v3; it has v1, v2',
      ],
      [
        { socket: '/nowhere/admin.sock', backend: 'dying', old: 'v1', new: 'v2' },
        'Unavailable',
        'reading backend dying at /nowhere/admin.sock: connect ENOENT /nowhere/admin.sock; is HAProxy running and its socket there?',
      ],
    ]
    for (const [config, kind, message] of refusals) {
      const error: unknown = await open(config)
        .observe('split', io())
        .catch((thrown: unknown) => thrown)
      expect(kindOf(error)).toBe(kind)
      expect((error as Error).message).toBe(message.replace('SOCKET', edge.haproxy.socket))
    }
    expect(await write(open({ backend: 'hashed', old: 'v1', new: 'v2' }), { old: 50, new: 50 })).toEqual({
      kind: 'Rejected',
      message: `setting weights v1 50, v2 50 in backend hashed at ${edge.haproxy.socket}: HAProxy said "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'."; use balance roundrobin (or hash-type consistent)`,
    })
    const port = open({ backend: 'dying', old: 'v1', new: 'v2' })
    await expect(port.observe('mirror', io())).rejects.toMatchObject({
      type: 'Unsupported',
      message: 'traffic/haproxy cannot change mirror: it has no mirroring, only split',
    })
  })
})

/** What a write over a fresh look comes to: null, or the kind and words of its failure. */
async function write(port: Changing, desired: Json): Promise<unknown> {
  const seen = await port.observe('split', io())
  return port.write({ target: 'split', desired, seen }, io()).then(
    () => null,
    (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
  )
}

async function startEdge(): Promise<{ haproxy: Haproxy; end(): Promise<void> }> {
  const [old, fresh] = await Promise.all([startUpstream('old'), startUpstream('new')])
  const started = await startHaproxy({ slots: { old: [old.port], new: [fresh.port] } })
  return { haproxy: started, end: () => endAll(started.server, [old, fresh]) }
}

async function startQuirks(): Promise<{ haproxy: QuirkyHaproxy; end(): Promise<void> }> {
  const [old, fresh] = await Promise.all([startUpstream('old'), startUpstream('new')])
  const started = await startQuirkyHaproxy({ old: old.port, new: fresh.port })
  return { haproxy: started, end: () => endAll(started.server, [old, fresh]) }
}

async function endAll(server: { close(): Promise<void> }, upstreams: Upstream[]): Promise<void> {
  await server.close()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
}
