// traffic/caddy on a real Caddy: the contract of changing ports, a reader that is frozen, its proof under load, its quirks.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { caddy } from '../../../activities/traffic/caddy/index.ts'
import { type Caddy, startCaddy } from '../../../lab/servers/caddy.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { lyingContract } from '../lies.ts'
import { startSwitch } from './switch.ts'
import { sendLoad, startUpstream } from './upstream.ts'

const provider = caddy as unknown as ChangingBench['provider']

interface Stand {
  edge: Caddy
  end(): Promise<void>
}

async function startStand(counts: { old: number; new: number } = { old: 1, new: 1 }): Promise<Stand> {
  const start = (name: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => startUpstream(name)))
  const [old, fresh] = await Promise.all([start('old', counts.old), start('new', counts.new)])
  const edge = await startCaddy({ old: old.map(({ port }) => port), new: fresh.map(({ port }) => port) })
  return {
    edge,
    end: async () => {
      await edge.server.close()
      await Promise.all([...old, ...fresh].map((upstream) => upstream.end()))
    },
  }
}

const configOf = ({ adminUrl, handler, upstreams, log }: Caddy, more: JsonObject = {}): JsonObject => ({
  admin: adminUrl,
  handler,
  ...upstreams,
  log,
  ...more,
})

async function read(edge: Caddy, path: string): Promise<JsonObject> {
  return (await (
    await fetch(`${edge.adminUrl}${path}`, { headers: { origin: edge.adminUrl } })
  ).json()) as JsonObject
}

/** Someone else's change of one field of the handler. */
async function patch(edge: Caddy, field: string, value: Json): Promise<void> {
  const headers = { 'content-type': 'application/json', origin: edge.adminUrl }
  const answer = await fetch(`${edge.adminUrl}${edge.handler}/${field}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(value),
  })
  expect(answer.status, await answer.text()).toBe(200)
}

const WEIGHTS = 'load_balancing/selection_policy/weights'
/** POST replaces a value that is there, but adds to a list. */
const setWeights = (edge: Caddy, weights: number[]) =>
  patch(edge, 'load_balancing/selection_policy', { policy: 'weighted_round_robin', weights })

/** Reads go to another server from now on, writes to the one that is meant: a cache in front of the API. */
async function startFront(edge: Caddy): Promise<{ url: string; readFrom(url: string): void; end(): void }> {
  let from = edge.adminUrl
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = 'GET', url = '/', headers } = request
      const condition = headers['if-match']
      const to = method === 'GET' ? from : edge.adminUrl
      const init = {
        method,
        headers: {
          origin: to,
          'content-type': 'application/json',
          ...(condition === undefined ? {} : { 'if-match': condition }),
        },
        ...(method === 'GET' ? {} : { body: Buffer.concat(pieces) }),
      }
      fetch(`${to}${url}`, init).then(
        async (answer) => {
          const etag = answer.headers.get('etag')
          response.writeHead(answer.status, etag === null ? {} : { etag }).end(await answer.text())
        },
        () => response.destroy(),
      )
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    readFrom: (url) => void (from = url),
    end: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function bench(): Promise<ChangingBench> {
  const stand = await startStand()
  const { edge } = stand
  const front = await startFront(edge)
  const strange = await startSwitch(edge.adminUrl, async () => ({ url: edge.adminUrl, end: async () => {} }))
  return {
    provider,
    config: configOf(edge, { admin: front.url }),
    deps: testDeps(),
    target: 'split',
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ],
    neighbours: async () => {
      const { load_balancing: _, ...handler } = await read(edge, edge.handler)
      return { payments: await read(edge, edge.neighbour), handler }
    },
    stranger: async (value) => {
      const { old, new: fresh } = value as Split
      await setWeights(
        edge,
        [old, fresh].map((share) => Math.round(share * 20)),
      )
    },
    outage: () => freeze(edge.server.pid),
    // Caddy refuses whoever calls it by a name it does not know.
    wrongCredentials: { config: configOf(edge, { admin: strange.url }) },
    lies: {
      freezeReader: async () => {
        const ports = [edge.upstreams.old, edge.upstreams.new].map(([dial]) => Number(dial!.split(':')[1]))
        const other = await startCaddy({ old: ports[0]!, new: ports[1]! })
        front.readFrom(other.adminUrl)
        return {
          end: async () => {
            front.readFrom(edge.adminUrl)
            await other.server.close()
          },
        }
      },
    },
    secrets: [],
    end: async () => {
      front.end()
      strange.end()
      await stand.end()
    },
  }
}

changingContract('traffic/caddy', bench, ['missing target'])
lyingContract('traffic/caddy', bench, ['freezeReader'])

const failureOf = (call: Promise<unknown>): Promise<{ kind: string | null; message: string } | null> =>
  call.then(
    () => null,
    (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
  )

describe('traffic/caddy', () => {
  let stand: Stand
  const open = (more: JsonObject = {}): Changing => connect(provider, configOf(stand.edge, more), testDeps())
  const write = async (port: Changing, desired: Json, before?: Json) => {
    const seen = await port.observe('split', io())
    return await failureOf(
      port.write({ target: 'split', desired, seen, ...(before === undefined ? {} : { before }) }, io()),
    )
  }
  const weights = async (): Promise<number[]> => {
    const answer = await read(stand.edge, `${stand.edge.handler}/${WEIGHTS}`)
    return answer as unknown as number[]
  }

  beforeAll(async () => void (stand = await startStand({ old: 2, new: 1 })))
  afterEach(() => setWeights(stand.edge, [20, 10, 0]))
  afterAll(() => stand?.end())

  it('keeps the proportion of the upstreams of a side, and restores weights exactly', async () => {
    await setWeights(stand.edge, [20, 10, 0])
    const [a = '', b = ''] = stand.edge.upstreams.old
    const [c = ''] = stand.edge.upstreams.new
    const port = open()
    const before = await port.observe('split', io())
    expect(before.value).toEqual({ old: 100, new: 0, members: { [a]: 20, [b]: 10, [c]: 0 } })
    expect(await write(port, { old: 75, new: 25 }, before.value)).toBe(null)
    expect(await weights()).toEqual([2, 1, 1])
    expect(await write(port, { old: 0, new: 100 }, before.value)).toBe(null)
    expect(await write(port, { old: 50, new: 50 }, before.value)).toBe(null)
    expect(await weights()).toEqual([2, 1, 3])
    expect(await write(port, before.value, before.value)).toBe(null)
    expect(await weights()).toEqual([20, 10, 0])
  })

  it('counts what each upstream was given, and takes nothing less for proven', async () => {
    const port = open()
    expect(await write(port, { old: 75, new: 25 })).toBe(null)
    const request = {
      target: 'split',
      desired: { old: 75, new: 25 },
      options: { samples: 200, tolerance: 2 },
    }
    const first = await port.confirm!(request, io())
    const load = (count: number) => sendLoad({ url: stand.edge.url, requests: count, perSecond: 300 })
    expect((await load(100)).failed).toEqual([])
    const early = await port.confirm!({ ...request, memory: first.memory! }, io())
    expect(early.settled, early.lines.join()).toBe(false)
    expect((await load(300)).failed).toEqual([])
    await expect
      .poll(async () => port.confirm!({ ...request, memory: early.memory! }, io()), { timeout: 5_000 })
      .toMatchObject({
        settled: true,
        lines: [expect.stringMatching(/^old 75\.0 % of 400/), expect.any(String)],
      })
    await setWeights(stand.edge, [1, 1, 1])
    expect(await port.confirm!({ ...request, memory: early.memory! }, io())).toMatchObject({ settled: false })
  })

  it('goes on over a change beside its weights, and keeps it', async () => {
    const port = open()
    const seen = await port.observe('split', io())
    await patch(stand.edge, 'flush_interval', 1_000_000)
    expect(await failureOf(port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io()))).toBe(
      null,
    )
    expect((await read(stand.edge, stand.edge.handler))['flush_interval']).toBe(1_000_000)
  })

  it('is refused by Caddy when somebody changes the weights in the very moment of the write', async () => {
    let isOver = false
    const meanwhile: typeof fetch = async (input, init) => {
      if (init?.method === 'PATCH' && !isOver) {
        isOver = true
        await setWeights(stand.edge, [3, 3, 4])
      }
      return await fetch(input, init)
    }
    const port = connect(provider, configOf(stand.edge), { ...testDeps(), fetch: meanwhile })
    expect(await write(port, { old: 0, new: 100 })).toMatchObject({
      kind: 'Conflict',
      message: expect.stringContaining('changed by someone else since; found {"old":60,"new":40'),
    })
    expect(await weights()).toEqual([3, 3, 4])
  })

  it('says what is wrong with a handler, an upstream, a list of weights, shares', async () => {
    const at = stand.edge.adminUrl
    expect(await failureOf(open({ handler: '/id/nowhere' }).observe('split', io()))).toEqual({
      kind: 'Missing',
      message: `reading /id/nowhere of Caddy at ${at}: status 404: unknown object ID 'nowhere'`,
    })
    expect(
      await failureOf(open({ handler: '/config/apps/http/nowhere' }).observe('split', io())),
    ).toMatchObject({
      kind: 'Missing',
      message: expect.stringContaining('there is nothing at this place of the configuration'),
    })
    expect(await failureOf(open({ new: ['127.0.0.1:1'] }).observe('split', io()))).toMatchObject({
      kind: 'Missing',
    })
    await setWeights(stand.edge, [20, 11, 0])
    const seven = { old: 99.93, new: 0.07 }
    expect(await failureOf(open().observe('split', io(), [seven]))).toMatchObject({
      kind: 'Rejected',
      message: expect.stringMatching(/it takes a round of \d+ requests; at most 10000 are served in turn$/),
    })
    expect(await write(open(), { old: 0, new: 0 })).toMatchObject({ kind: 'Rejected' })
    await setWeights(stand.edge, [1])
    expect(await failureOf(open().observe('split', io()))).toMatchObject({
      kind: 'Config',
      message: expect.stringContaining('1 weights for 3 upstreams; write one for each'),
    })
    await patch(stand.edge, 'load_balancing/selection_policy', { policy: 'random' })
    expect(await failureOf(open().observe('split', io()))).toMatchObject({
      kind: 'Config',
      message: expect.stringContaining('its selection policy is random; it must be weighted_round_robin'),
    })
    await expect(open().observe('mirror', io())).rejects.toMatchObject({ type: 'Unsupported' })
  })

  it('says in the plan that a change closes WebSockets, where it does', async () => {
    expect((await open().observe('split', io())).cautions).toBe(undefined)
    const path = `${stand.edge.adminUrl}${stand.edge.handler}/stream_close_delay`
    await fetch(path, { method: 'DELETE', headers: { origin: stand.edge.adminUrl } })
    expect((await open().observe('split', io())).cautions).toEqual([
      'stream_close_delay is not set: every change closes WebSockets and other tunnels at once',
    ])
    await patch(stand.edge, 'stream_close_delay', '1h')
  })

  it('says in the plan which other handlers send to the same upstreams', async () => {
    const [a = '', b = ''] = stand.edge.upstreams.old
    const [c = ''] = stand.edge.upstreams.new
    expect((await open().observe('split', io(), [{ old: 50, new: 50 }])).cautions).toEqual([
      `handler payments sends to ${a}, ${b}, ${c} too: its users are not moved, and are counted in flight`,
    ])
  })

  it('tries whether a change would be allowed, and changes nothing', async () => {
    await sendLoad({ url: stand.edge.url, requests: 1, perSecond: 10 })
    const before = await read(stand.edge, stand.edge.handler)
    expect(await open().permits?.('split', io())).toContain('was answered 412')
    expect(await read(stand.edge, stand.edge.handler)).toEqual(before)
    expect(await failureOf(open({ log: '/nowhere/orders.log' }).permits!('split', io()))).toMatchObject({
      kind: 'Missing',
    })
  })

  /** The whole configuration, changed by somebody for the time of the work. */
  async function under(edit: (text: string) => string, work: () => Promise<void>): Promise<void> {
    const before = await read(stand.edge, '/config/')
    const load = async (config: string) => {
      const headers = { 'content-type': 'application/json', origin: stand.edge.adminUrl }
      const answer = await fetch(`${stand.edge.adminUrl}/load`, { method: 'POST', headers, body: config })
      expect(answer.status, await answer.text()).toBe(200)
    }
    await load(edit(JSON.stringify(before)))
    try {
      await work()
    } finally {
      await load(JSON.stringify(before))
    }
  }

  it('counts an upstream that is named with its network, which the log leaves out', async () => {
    const [a = '', b = ''] = stand.edge.upstreams.old
    const named = (text: string) => text.replaceAll(a, `tcp/${a}`).replaceAll(b, `tcp/${b}`)
    await under(named, async () => {
      const port = open({ old: [`tcp/${a}`, `tcp/${b}`] })
      const { value } = await port.observe('split', io())
      const request = { target: 'split', desired: value, options: { samples: 10, tolerance: 1 } }
      const { memory } = await port.confirm!(request, io())
      await sendLoad({ url: stand.edge.url, requests: 40, perSecond: 400 })
      await expect
        .poll(async () => port.confirm!({ ...request, memory: memory! }, io()), { timeout: 5_000 })
        .toMatchObject({ settled: true })
    })
  })

  it('says in the plan that Caddy does not take back its own ETag, where it does not', async () => {
    await under(
      (text) => text.replace('"servers":{"edge":', '"servers":{"the edge":'),
      async () => {
        const said = await failureOf(open().permits!('split', io()))
        expect(said?.kind).toBe('Config')
        expect(said?.message).toMatch(
          /does not take back its own ETag .*the edge.*name that server without one/,
        )
      },
    )
  })
})
