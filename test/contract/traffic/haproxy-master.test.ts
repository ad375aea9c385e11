// traffic/haproxy through the master CLI of a process that reloads: the present worker is told, and those that a reload has sent
// away are counted, asked and waited for.
import { readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { Agent, type IncomingMessage, get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { askMaster, setWeights } from '../../../activities/traffic/haproxy/client.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { refused } from '../../../activities/traffic/haproxy/refusals.ts'
import { HaproxyConfig } from '../../../activities/traffic/haproxy/schema.ts'
import { workersOf } from '../../../activities/traffic/haproxy/workers.ts'
import { createFolder } from '../../../lab/folder.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Split, TrafficPort } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { command } from './haproxy-server.ts'
import { type OwnHaproxy, startOwnHaproxy } from './own-haproxy.ts'
import { type Upstream, startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']
const SURE = 60 // looks, 20 ms apart
const KEEPS = '  close-spread-time infinite' // connections of before a reload stay open until their clients close them

async function startEdge(own = '') {
  const upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old, fresh] = upstreams as [Upstream, Upstream]
  const edge = await startOwnHaproxy(
    `  server v1 127.0.0.1:${old.port} weight 100
  server v2 127.0.0.1:${fresh.port} weight 0`,
    `backend neighbour
  server n1 127.0.0.1:${old.port} weight 70
  server n2 127.0.0.1:${fresh.port} weight 30`,
    own,
  )
  const config = (more: JsonObject = {}): JsonObject => ({
    socket: edge.masterSocket,
    master: true,
    backend: 'bk',
    old: 'v1',
    new: 'v2',
    ...more,
  })
  const port = connect(provider, config(), testDeps()) as unknown as TrafficPort
  const end = async () => {
    await edge.server.close()
    await Promise.all(upstreams.map((upstream) => upstream.end()))
  }
  return { edge, config, port, end }
}

changingContract(
  'traffic/haproxy through the master CLI',
  async () => {
    const { edge, config, end } = await startEdge()
    return {
      provider,
      config: config(),
      deps: testDeps(),
      target: 'split',
      values: [
        { old: 75, new: 25 },
        { old: 0, new: 100 },
      ],
      neighbours: () => command(edge.socket, 'get weight neighbour/n1; get weight neighbour/n2'),
      stranger: async (value) => {
        const { old, new: fresh } = value as unknown as Split
        await command(edge.socket, `set weight bk/v2 ${fresh}; set weight bk/v1 ${old}`)
      },
      outage: async () => freeze(edge.server.pid),
      secrets: [],
      end,
    }
  },
  ['missing target', 'credentials'],
)

describe('traffic/haproxy and a cohort through the master CLI', () => {
  const folder = createFolder('haproxy-master')
  afterAll(() => folder.remove())

  it('leads as many as fill several lines, each command to the present worker', async () => {
    const map = join(folder.path, 'cohort.map')
    writeFileSync(map, '')
    const upstream = await startUpstream('old')
    const edge = await startOwnHaproxy(
      `  server v1 127.0.0.1:${upstream.port} weight 100
  server v2 127.0.0.1:${upstream.port} weight 0`,
      `frontend door
  bind unix@${folder.path}/door.sock
  use_backend bk if { req.hdr(x-tenant),map_str(${map}) -m str new }`,
    )
    try {
      const config = { socket: edge.masterSocket, master: true, backend: 'bk', old: 'v1', new: 'v2' }
      const port = connect(provider, { ...config, cohort: { map } }, testDeps())
      const users = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`).sort()
      const write = async (desired: { users: string[] }) => {
        const seen = await port.observe('cohort', io())
        await port.write({ target: 'cohort', desired, seen }, io())
        expect((await port.observe('cohort', io())).value).toEqual(desired)
      }
      await write({ users })
      expect((await command(edge.socket, `show map ${map}`)).match(/ new$/gm)?.length).toBe(1_000)
      await write({ users: [] })
    } finally {
      await edge.server.close()
      await upstream.end()
    }
  })
})

/** A connection of a client that is kept open, and who answered on it last. */
function openClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (): Promise<{ side: string; port: number | undefined }> => {
    const request = get(url, { agent })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const port = request.socket?.localPort
    response.resume()
    await once(response, 'end')
    return { side: String(response.headers['x-side']), port }
  }
  return { ask, end: () => agent.destroy() }
}

describe('traffic/haproxy and workers that a reload has sent away, their connections kept open', () => {
  let world: Awaited<ReturnType<typeof startEdge>>
  let edge: OwnHaproxy
  let port: TrafficPort
  let client: ReturnType<typeof openClient>
  const workers = async () =>
    await workersOf(HaproxyConfig.parse({ ...world.config(), socket: edge.masterSocket }), io())
  const set = async (desired: Split) => {
    const { value } = await port.observe('split', io())
    return await applyTo(port, { target: 'split', desired, expected: value }, io())
  }
  /** The one worker of before a reload: its process id. */
  const leftBehind = async (): Promise<string> => {
    const { leaving } = await workers()
    expect(leaving.length).toBe(1)
    return leaving[0]?.pid ?? ''
  }

  beforeAll(async () => {
    world = await startEdge(KEEPS)
    ;({ edge, port } = world)
  })
  afterAll(() => world.end())
  beforeEach(async () => {
    client = openClient(edge.url)
    return async () => {
      client.end()
      await until('workers of before are gone', async () => (await workers()).leaving.length === 0)
      await set({ old: 100, new: 0 })
    }
  })

  it('tells the present worker, and says what those of before still do by weights of their own', async () => {
    expect(await set({ old: 0, new: 100 })).toMatchObject({ readBack: 'match' })
    const first = await client.ask()
    await edge.reload()
    const pid = await leftBehind()
    const idle = await port.observe('split', io())
    expect(idle).toMatchObject({ value: { old: 100, new: 0 } })
    expect(idle.elsewhere, 'nobody was served by it since the reload').toBe(undefined)
    expect(idle.cautions).toEqual([
      `worker ${pid} of before a reload has 0 requests in flight and weights of its own, {"old":0,"new":100}; HAProxy takes no weights for it`,
    ])
    const place = `worker ${pid} of before a reload, which still takes requests on connections that were kept open,`
    await until('a request comes on the connection of before', async () => {
      expect(await client.ask()).toEqual(first)
      const seen = await port.observe('split', io())
      return JSON.stringify(seen.elsewhere) === JSON.stringify([{ place, value: { old: 0, new: 100 } }])
    })
  })

  it('is not back, and its effect not proven, while a worker of before leads users elsewhere', async () => {
    await set({ old: 0, new: 100 })
    const first = await client.ask()
    await edge.reload()
    // HAProxy tells whole seconds: the first request behind the reload may be taken for one before it, later ones are not.
    let found = 0
    await until('the worker of before is found serving, again and again', async () => {
      expect(await client.ask()).toEqual(first)
      found = (await port.observe('split', io())).elsewhere === undefined ? 0 : found + 1
      return found === SURE
    })
    const before = { old: 100, new: 0 }
    const request = {
      target: 'split',
      before,
      ours: [{ old: 0, new: 100 }],
      halves: [],
      portName: 'traffic' as const,
      isUncertain: false,
      isRepeated: false,
    }
    const said = await restoreTo(port, request, io()).catch((error: unknown) => error as Error)
    expect(kindOf(said)).toBe('Unavailable')
    expect((said as Error).message).toMatch(
      /^split was written back to \{"old":100,"new":0\}, but it reads \{"old":100,"new":0\}; worker \d+ of before a reload, which still takes requests on connections that were kept open, holds \{"old":0,"new":100\}$/,
    )
    const proof = await port.confirm!(
      { target: 'split', desired: before, options: { samples: 1, tolerance: 1 } },
      io(),
    )
    expect(proof.settled).toBe(false)
    expect(proof.lines[0]).toMatch(/^worker \d+ of before a reload, which still takes requests .*"new":100/)
    client.end()
    await until('it is back', async () => {
      const restored = await restoreTo(port, request, io()).catch(() => null)
      return restored !== null
    })
  })

  it('takes a refusal of a worker that was just sent away for one that passes', async () => {
    await client.ask()
    await edge.reload()
    const worker = { master: edge.masterSocket, worker: `@!${await leftBehind()}` }
    const late = await setWeights(worker, { backend: 'bk', weights: [['v2', 5]] }, io().signal).catch(
      (error: unknown) => refused({ doing: 'setting v2 5', writes: true }, error, io().signal) as Error,
    )
    expect(`${kindOf(late)}: ${(late as Error).message}`).toBe(
      'Unavailable: setting v2 5: HAProxy said "Proxy is disabled."; a reload has just sent this process away: looking again',
    )
  })

  it('goes on with its worker when a reload fails', async () => {
    const file = join(edge.folder, 'haproxy.cfg')
    const right = readFileSync(file, 'utf8')
    const { present } = await workers()
    writeFileSync(file, `${right}\nno section of HAProxy\n`)
    process.kill(edge.server.pid as number, 'SIGUSR2')
    const told = () => askMaster(edge.masterSocket, 'show proc', io().signal).catch(String)
    await until('the master has refused it', async () => /failed: [1-9]/.test(await told()))
    writeFileSync(file, right)
    expect((await workers()).present).toEqual(present)
    expect(await set({ old: 50, new: 50 })).toMatchObject({ readBack: 'match' })
  })

  it('says at plan time what a reload would bring, where no state file is named', async () => {
    const { cautions = [] } = await port.observe('split', io(), [{ old: 0, new: 100 }])
    expect(cautions).toEqual([
      'a reload of HAProxy during the run would bring {"old":100,"new":0}, its configured weights, unless it loads a state file (state_file names none)',
    ])
    const kept = connect(provider, world.config({ state_file: edge.stateFile }), testDeps())
    expect((await kept.observe('split', io(), [{ old: 0, new: 100 }])).cautions).toBe(undefined)
  })

  it('knows a socket that is no master CLI', async () => {
    const wrong = connect(provider, world.config({ socket: edge.socket }), testDeps())
    const said = await wrong.observe('split', io()).catch((error: unknown) => error as Error)
    expect(`${kindOf(said)}: ${(said as Error).message}`).toBe(
      `Config: asking the master at ${edge.socket} for its workers: it knows no workers; this is no master CLI (option -S): leave out \`master: true\``,
    )
  })
})
