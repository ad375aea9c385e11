// traffic/haproxy and maps that others share, as they are met: entries that are no plain words, several of one key, a file that says
// something else than the process, a hand in between, and workers of before a reload that ask maps of their own.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { ask as tell } from '../../../activities/traffic/haproxy/client.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { readMap, replaceMap } from '../../../activities/traffic/haproxy/maps.ts'
import { HaproxyConfig } from '../../../activities/traffic/haproxy/schema.ts'
import { workersOf } from '../../../activities/traffic/haproxy/workers.ts'
import { createFolder } from '../../../lab/folder.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { command } from './haproxy-server.ts'
import { type OwnHaproxy, startOwnHaproxy } from './own-haproxy.ts'
import { type Upstream, startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']

/** Lines of a map file, each of which a command of words would take for something else. */
const ODD = [
  'initech old side',
  'hooli two   blanks  here',
  'umbrella a;b',
  'wonka ;set weight bk/v1 7',
  '^api\\.example\\.com$ back\\slash',
  'wayne "quoted value"',
  'stark new # note',
  'lonely',
  'oscorp <<',
  '@1 x',
  'acme-co ü',
]

describe('traffic/haproxy and maps that others share', () => {
  const folder = createFolder('haproxy-maps')
  const map = join(folder.path, 'cohort.map')
  let upstreams: Upstream[]
  let edge: OwnHaproxy
  let door = ''

  beforeAll(async () => {
    writeFileSync(map, '')
    upstreams = await Promise.all(['old', 'new'].map((name) => startUpstream(name)))
    const [old, fresh] = upstreams as [Upstream, Upstream]
    edge = await startOwnHaproxy(
      `  server v1 127.0.0.1:${old.port} weight 100
  server v2 127.0.0.1:${fresh.port} weight 0
  use-server v2 if { req.hdr(x-tenant),map_str(${map}) -m str new }`,
      '',
      '  close-spread-time infinite', // connections of before a reload stay open until their clients close them
    )
    door = edge.url
  })
  afterAll(async () => {
    await edge.server.close()
    await Promise.all(upstreams.map((upstream) => upstream.end()))
    folder.remove()
  })

  const config = (more: JsonObject = {}): JsonObject => ({
    socket: edge.masterSocket,
    master: true,
    backend: 'bk',
    old: 'v1',
    new: 'v2',
    cohort: { map, ...more },
  })
  const open = (more: JsonObject = {}): Changing => connect(provider, config(more), testDeps())
  const set = async (port: Changing, users: string[]) => {
    const { value: expected } = await port.observe('cohort', io())
    return await applyTo(port, { target: 'cohort', desired: { users }, expected }, io())
  }
  const shown = async () => (await command(edge.socket, `show map ${map}`)).replaceAll(/^0x\S+ /gm, '')
  const load = async (text: string) => {
    writeFileSync(map, text)
    await edge.reload()
  }
  const ruling = async (key: string) =>
    /value="([^"]*)"/.exec(await command(edge.socket, `get map ${map} ${key}`))?.[1]

  it.each(['socket', 'masterSocket'] as const)(
    'leaves entries that are no plain words as they are (%s)',
    async (by) => {
      await load(`${ODD.join('\n')}\n`)
      const before = await shown()
      expect(before.match(/^\S/gm)?.length, 'HAProxy has loaded them all').toBe(ODD.length)
      const port = connect(
        provider,
        { ...config(), socket: edge[by], master: by === 'masterSocket' },
        testDeps(),
      )
      expect(await set(port, ['globex'])).toMatchObject({ written: 'written', readBack: 'match' })
      expect(await set(port, [])).toMatchObject({ written: 'written', readBack: 'match' })
      expect(await shown()).toBe(before)
      expect(await command(edge.socket, 'get weight bk/v1')).toMatch(/^100 /)
    },
  )

  it('goes by the first of several entries of one key, as HAProxy does', async () => {
    await load('acme old\nacme new\nglobex new\n')
    const port = open({ file: map })
    expect([await ruling('acme'), await ruling('globex')]).toEqual(['old', 'new'])
    expect(await port.observe('cohort', io())).toEqual({ value: { users: ['globex'] } })
    await set(port, [])
    expect(readFileSync(map, 'utf8')).toBe('acme old\nacme new\n')
    expect(await shown()).toBe('acme old\nacme new\n\n')
  })

  it('leads nobody of whom the file says something else: a reload would go by that', async () => {
    await load('')
    writeFileSync(map, 'acme canary\n')
    const port = open({ file: map })
    const words = /^leading 1 members by map file \S+ at \S+: it says something else of acme \(canary\)$/
    for (const asking of [
      () => port.observe('cohort', io(), [{ users: ['acme'] }]),
      () => set(port, ['acme']),
    ]) {
      const refused = await asking().catch((error: unknown) => error as Error)
      expect(kindOf(refused)).toBe('Rejected')
      expect((refused as Error).message).toMatch(words)
    }
    expect(await shown(), 'and nothing was changed').toBe('\n')
    expect(readFileSync(map, 'utf8')).toBe('acme canary\n')
  })

  it('leads users back first, and says afterwards what the file has against it', async () => {
    await load('acme new\n')
    const port = open({ file: map })
    const before = { users: ['acme'] }
    await set(port, ['globex'])
    writeFileSync(map, 'acme canary\nglobex new\n')
    const request = { target: 'cohort', before, ours: [{ users: ['globex'] }], halves: [] }
    const said = await restoreTo(
      port,
      { ...request, portName: 'traffic', isUncertain: false, isRepeated: false },
      io(),
    ).catch((error: unknown) => error as Error)
    expect((said as Error).message).toMatch(
      /saving them in \S+ failed: it says something else of acme \(canary\)/,
    )
    expect(await shown()).toBe('acme new\n\n')
  })

  it('changes nothing over an entry that somebody has set meanwhile', async () => {
    await load('')
    const from = (await readMap(edge.socket, map, io().signal)) ?? []
    await command(edge.socket, `add map ${map} beta elsewhere`)
    const given = { map, entries: [{ key: 'acme', value: 'new' }], from }
    expect(await replaceMap(edge.socket, given, io().signal)).toBe(false)
    expect(await shown()).toBe('beta elsewhere\n\n')
    expect(await command(edge.socket, 'show map'), 'nothing prepared is left').toMatch(/entry_cnt=1/)
  })

  it('changes nothing where HAProxy took an entry for another one', async () => {
    await load('')
    const given = { map, entries: [{ key: 'acme', value: 'new\nbeta new' }], from: [] }
    const said = await replaceMap(edge.socket, given, io().signal).catch((error: unknown) => error as Error)
    expect((said as Error).message).toBe('it took acme for another entry; nothing was changed')
    expect(await shown()).toBe('\n')
  })

  it('leads back those too whose connection a worker of before a reload has kept open', async () => {
    await load('')
    const port = open({ file: map })
    await set(port, ['acme'])
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async () => {
      const [answer] = (await once(get(door, { agent, headers: { 'x-tenant': 'acme' } }), 'response')) as [
        IncomingMessage,
      ]
      answer.resume()
      await once(answer, 'end')
      return answer.headers['x-side']
    }
    expect(await ask()).toBe('new')
    await edge.reload()
    expect(await set(port, [])).toMatchObject({ readBack: 'match' })
    expect(await ask(), 'on the connection of before the reload').toBe('old')
    const [leaving] = (await workersOf(HaproxyConfig.parse(config()), io())).leaving
    await tell(leaving!.cli, `add map ${map} acme new`, io().signal)
    expect(await ask(), 'somebody has told the worker of before something else').toBe('new')
    const place = `map of worker ${leaving!.pid} of before a reload`
    expect((await port.observe('cohort', io())).elsewhere).toEqual([{ place, value: { users: ['acme'] } }])
    expect(
      (await port.confirm!({ target: 'cohort', desired: { users: [] }, options: {} }, io())).settled,
    ).toBe(false)
    agent.destroy()
    await until('workers of before are gone', async () => {
      const { elsewhere } = await port.observe('cohort', io())
      return elsewhere === undefined
    })
  })
})
