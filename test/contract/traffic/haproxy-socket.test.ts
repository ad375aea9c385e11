// traffic/haproxy and its socket: what is no final refusal, what is not HAProxy's runtime socket at all, and what a reload
// brings back.
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { command } from './haproxy-server.ts'
import { type OwnHaproxy, startOwnHaproxy } from './own-haproxy.ts'
import { type Upstream, sendLoad, startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']
const SIDES = { backend: 'bk', old: 'v1', new: 'v2' }

let upstreams: Upstream[]
let edge: OwnHaproxy
const open = (config: JsonObject = {}): Changing =>
  connect(provider, { socket: edge.socket, ...SIDES, ...config }, testDeps())
const write = async (port: Changing, desired: Json): Promise<unknown> => {
  const seen = await port.observe('split', io())
  return failureOf(port.write({ target: 'split', desired, seen }, io()))
}
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )

beforeAll(async () => {
  upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old, fresh] = upstreams.map(({ port }) => port)
  edge = await startOwnHaproxy(
    `  server v1 127.0.0.1:${old} weight 100
  server v2 127.0.0.1:${fresh} weight 0`,
    `backend neighbour
  server n1 127.0.0.1:${old} weight 70`,
  )
})
afterAll(async () => {
  await edge.server.close()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
})

describe('traffic/haproxy and what answers at its socket', () => {
  const fakes: Server[] = []
  /** Something that answers each connection with these words (and its end, unless it stays open). */
  const answering = async (words: string, stays = false): Promise<string> => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (stays ? socket.write(words) : socket.end(words)))
    }).listen(0, '127.0.0.1')
    fakes.push(server)
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  afterAll(() => fakes.forEach((fake) => fake.close()))

  it.each([
    ['', 'the connection was closed without an answer'],
    ['\n', 'the connection was closed without an answer'],
    ['[[{"objType":"Server",', 'the connection was closed in the middle of the answer'],
  ])('takes %j, as a process that ends sends, for no refusal', async (words, why) => {
    const socket = await answering(words)
    expect(await failureOf(open({ socket }).observe('split', io()))).toBe(
      `Unavailable: reading backend bk at ${socket}: ${why}, as HAProxy does while it stops or reloads`,
    )
  })

  it('does not take a write for done whose answer never came', async () => {
    const seen = await open().observe('split', io())
    const stat = await command(edge.socket, 'show stat bk 6 -1 json')
    const server = createServer((socket) => {
      socket.once('data', (line) => socket.end(String(line).startsWith('show') ? stat : ''))
    }).listen(0, '127.0.0.1')
    fakes.push(server)
    await once(server, 'listening')
    const socket = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const wish = { target: 'split', desired: { old: 75, new: 25 }, seen }
    expect(await failureOf(open({ socket }).write(wish, io()))).toBe(
      `Unavailable: setting weights v2 25, v1 75 in backend bk at ${socket}: the connection was closed without an answer, as HAProxy does while it stops or reloads; whether it came about is unknown`,
    )
  })

  it('is never refused for good by a HAProxy that restarts while it is asked', async () => {
    const said = new Set<string>()
    const port = open()
    const over = new AbortController()
    const asking = (async () => {
      while (!over.signal.aborted) said.add(String(await failureOf(port.observe('split', io()))))
    })()
    for (let reload = 0; reload < 4; reload++) await edge.reload()
    over.abort()
    await asking
    expect([...said].filter((text) => text !== 'null' && !text.startsWith('Unavailable: '))).toEqual([])
  })

  it('knows the master process by its words, at once', async () => {
    const asked = () => failureOf(open({ socket: edge.masterSocket }).observe('split', io()))
    await until('the master listens again', async () => !String(await asked()).includes('ECONNREFUSED'))
    const started = performance.now()
    expect(await asked()).toBe(
      `Config: reading backend bk at ${edge.masterSocket}: it answered "Unknown command, but maybe one of the following ones is a better match:": this is the master CLI of HAProxy (option -S), which knows no weights itself; write \`master: true\` beside it, or name a \`stats socket\` of the worker process`,
    )
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it('repeats what something says that answers and does not close', async () => {
    const socket = await answering('-ERR unknown command\r\n', true)
    expect(await failureOf(open({ socket }).observe('split', io(500)))).toBe(
      `Unavailable: reading backend bk at ${socket}: it answered "-ERR unknown command" and did not close the connection before the deadline; is this a \`stats socket\` of HAProxy, and not in prompt mode?`,
    )
    const silent = await answering('', true)
    const words = await failureOf(open({ socket: silent }).observe('split', io(500)))
    expect(words).toBe(`Unavailable: reading backend bk at ${silent}: no answer before the deadline`)
  })
})

describe('traffic/haproxy and the state file that a reload loads', () => {
  const withFile = (): Changing => open({ state_file: edge.stateFile })
  beforeEach(async () => {
    rmSync(edge.stateFile, { force: true })
    await command(edge.socket, 'set weight bk/v1 100; set weight bk/v2 0')
  })

  it('keeps it in step, so that a reload under load changes nothing and loses nothing', async () => {
    const port = withFile()
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
    expect(await write(port, { old: 25, new: 75 })).toBe(null)
    const load = sendLoad({ url: edge.url, requests: 600, perSecond: 300 })
    await edge.reload()
    const seen = await port.observe('split', io())
    expect(seen).toMatchObject({ value: { old: 25, new: 75 } })
    expect(seen.elsewhere).toBe(undefined)
    const { failed, sides } = await load
    // A worker that stops closes idle connections, and a request may be on its way there: every client repeats that one.
    expect(failed.filter((why) => !/hang up|ECONNRESET/.test(why))).toEqual([])
    expect(sides.new! / 600).toBeCloseTo(0.75, 1)
    expect(await write(port, { old: 100, new: 0 })).toBe(null)
    await edge.reload()
    expect((await port.observe('split', io())).value).toEqual({ old: 100, new: 0 })
  })

  it('says what a reload would bring while it says something else, and puts that right alone', async () => {
    const port = withFile()
    await command(edge.socket, 'set weight bk/v2 5; set weight bk/v1 95')
    expect((await port.observe('split', io())).cautions).toEqual([
      `a reload would bring {"old":100,"new":0}: the state file ${edge.stateFile} says nothing of these servers`,
    ])
    expect(await write(port, { old: 95, new: 5 })).toBe(null)
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
    await command(edge.socket, 'set weight bk/v1 100; set weight bk/v2 0')
    expect(await port.observe('split', io())).toMatchObject({
      value: { old: 100, new: 0 },
      elsewhere: [{ place: `state file ${edge.stateFile}`, value: { old: 95, new: 5 } }],
    })
    expect(await write(port, { old: 100, new: 0 })).toBe(null)
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
    await edge.reload()
    expect((await port.observe('split', io())).value).toEqual({ old: 100, new: 0 })
  })

  it('leaves the rows of other servers as they are, and no file behind', async () => {
    await command(edge.socket, 'set weight neighbour/n1 33')
    writeFileSync(edge.stateFile, await command(edge.socket, 'show servers state'))
    chmodSync(edge.stateFile, 0o640)
    await command(edge.socket, 'set weight neighbour/n1 70')
    expect(await write(withFile(), { old: 60, new: 40 })).toBe(null)
    const rows = readFileSync(edge.stateFile, 'utf8').split('\n')
    expect(rows.find((row) => row.includes(' n1 '))).toMatch(/ n1 127\.0\.0\.1 2 0 33 70 /)
    expect(rows.find((row) => row.includes(' v2 '))).toMatch(/ v2 127\.0\.0\.1 2 0 40 0 /)
    expect(readdirSync(edge.folder).filter((name) => name.startsWith('.state'))).toEqual([])
  })

  it('never writes over a file that is no state file, and says that the place cannot be put right', async () => {
    writeFileSync(edge.stateFile, 'global\n  maxconn 10\n')
    const said = await write(withFile(), { old: 60, new: 40 })
    expect(said).toMatch(/^Config: .* has its weights, but saving them in .*: it is no state file of HAProxy/)
    expect(readFileSync(edge.stateFile, 'utf8')).toBe('global\n  maxconn 10\n')
    expect(existsSync(edge.stateFile)).toBe(true)
    await until('weights are there', async () => (await open().observe('split', io())).value !== null)
  })
})
