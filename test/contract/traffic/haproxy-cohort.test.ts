// traffic/haproxy leads a cohort by a map: in the process and in its file, members alone, in one moment, and nobody else's entries.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { type Haproxy, startHaproxy } from '../../../lab/servers/haproxy.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { lyingContract } from '../lies.ts'
import { asker, cohortContract } from './cohort.ts'
import { command } from './haproxy-server.ts'
import { startUpstream } from './upstream.ts'

const provider = haproxy as unknown as ChangingBench['provider']
const FOREIGN = 'beta somewhere-else'
const led = (value: Json): string[] => (value as { users: string[] }).users

async function startEdge() {
  const [old, fresh] = await Promise.all([startUpstream('old'), startUpstream('new')])
  const edge = await startHaproxy({ slots: { old: [old.port], new: [fresh.port] } })
  await command(edge.socket, `add map ${edge.cohortMap} ${FOREIGN}`)
  writeFileSync(edge.cohortMap, `# tenants that go first\n${FOREIGN}\n`)
  const config = (more: JsonObject = {}): JsonObject => ({
    socket: edge.socket,
    backend: 'orders',
    old: 'v1',
    new: 'v2',
    cohort: { map: edge.cohortMap, file: edge.cohortMap, ...more },
  })
  const end = async () => {
    await edge.server.close()
    await Promise.all([old.end(), fresh.end()])
  }
  return { edge, config, end }
}

/** As a person with socat does. */
async function set({ socket, cohortMap }: Haproxy, users: string[]): Promise<void> {
  const there = (await command(socket, `show map ${cohortMap}`)).split('\n')
  const members = there.flatMap((line) => / (\S+) new$/.exec(line)?.[1] ?? [])
  for (const user of members) await command(socket, `del map ${cohortMap} ${user}`)
  for (const user of users) await command(socket, `add map ${cohortMap} ${user} new`)
}

async function foreign({ socket, cohortMap }: Haproxy): Promise<Json> {
  const rows = (await command(socket, `show map ${cohortMap}`)).split('\n')
  const others = rows
    .map((row) => row.replace(/^0x\S+ /, ''))
    .filter((row) => row !== '' && !row.endsWith(' new'))
  const kept = readFileSync(cohortMap, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(' new'))
  return { others, kept, weights: await command(socket, 'get weight orders/v1; get weight orders/v2') }
}

async function bench(): Promise<ChangingBench> {
  const { edge, config, end } = await startEdge()
  const write = (users: string[]) =>
    writeFileSync(
      edge.cohortMap,
      `# tenants that go first\n${FOREIGN}\n${users.map((user) => `${user} new\n`).join('')}`,
    )
  return {
    provider,
    config: config(),
    deps: testDeps(),
    target: 'cohort',
    values: [{ users: ['acme', 'globex'] }, { users: ['initech'] }],
    neighbours: () => foreign(edge),
    stranger: async (value) => {
      await set(edge, led(value))
      write(led(value))
    },
    outage: () => freeze(edge.server.pid),
    lies: {
      otherPlace: {
        read: async () => readFileSync(edge.cohortMap, 'utf8'),
        change: async (value) => write(led(value)),
        async breakWrites() {
          const folder = edge.cohortMap
          const { rmSync, mkdirSync } = await import('node:fs')
          const text = readFileSync(folder, 'utf8')
          rmSync(folder)
          mkdirSync(folder) // nothing can be renamed over it
          return {
            end: async () => {
              rmSync(folder, { recursive: true })
              writeFileSync(folder, text)
            },
          }
        },
      },
    },
    secrets: [],
    end,
  }
}

changingContract('traffic/haproxy cohort', bench, ['missing target', 'credentials'])
lyingContract('traffic/haproxy cohort', bench, ['otherPlace'])
cohortContract('traffic/haproxy', async () => {
  const { edge, config, end } = await startEdge()
  return {
    provider,
    config: config(),
    deps: testDeps(),
    many: 500,
    ask: asker(edge.url, { header: 'x-tenant' }),
    neighbours: () => foreign(edge),
    stranger: (value) => set(edge, led(value)),
    secrets: [],
    end,
  }
})

describe('traffic/haproxy cohort', () => {
  let started: Awaited<ReturnType<typeof startEdge>>
  let port: Changing
  const open = (more: JsonObject = {}) => connect(provider, started.config(more), testDeps())
  const write = async (users: string[]) => {
    const seen = await port.observe('cohort', io())
    await port.write({ target: 'cohort', desired: { users }, seen }, io())
  }
  const side = async (tenant: string | null) => {
    const response = await fetch(started.edge.url, { headers: tenant === null ? {} : { 'x-tenant': tenant } })
    await response.text()
    return response.headers.get('x-side')
  }

  beforeAll(async () => {
    started = await startEdge()
    port = open()
  })
  afterAll(() => started.end())

  it('weights are counted among the others: who is led has a backend of its own', async () => {
    await write(['acme'])
    const before = await port.confirm!(
      { target: 'split', desired: { old: 100, new: 0 }, options: { samples: 20, tolerance: 1 } },
      io(),
    )
    for (let sent = 0; sent < 30; sent++) await Promise.all([side('acme'), side(null)])
    const request = { target: 'split', desired: { old: 100, new: 0 }, options: { samples: 20, tolerance: 1 } }
    expect(await port.confirm!({ ...request, memory: before.memory! }, io())).toMatchObject({ settled: true })
    await write([])
  })

  it('keeps the lines of those who stay where a person has put them', async () => {
    const { cohortMap } = started.edge
    const text = `# pilots\nacme   new\n# tenants that go first\n${FOREIGN}\n`
    await write(['acme'])
    writeFileSync(cohortMap, text)
    await write(['acme', 'globex'])
    expect(readFileSync(cohortMap, 'utf8')).toBe(`${text}globex new\n`)
    await write(['acme'])
    expect(readFileSync(cohortMap, 'utf8')).toBe(text)
    await write([])
  })

  it('is read and led back over what a write left that was cut before its commit', async () => {
    await write(['acme'])
    const { socket, cohortMap } = started.edge
    const version = /: (\d+)/.exec(await command(socket, `prepare map ${cohortMap}`))?.[1]
    await command(socket, `add map @${version} ${cohortMap} globex new`)
    const seen = await port.observe('cohort', io())
    expect(seen).toMatchObject({ value: { users: ['acme'] } })
    expect([await side('acme'), await side('globex')]).toEqual(['new', 'old'])
    await write([])
    expect((await port.observe('cohort', io())).value).toEqual({ users: [] })
    expect([await side('acme'), await side('globex')]).toEqual(['old', 'old'])
    expect(await command(socket, 'show map')).toMatch(/entry_cnt=1/)
  })

  it('a map that HAProxy has not, and a member of whom it says something else, are refused in words', async () => {
    const error = await open({ map: '/nowhere.map' })
      .observe('cohort', io())
      .catch((caught: unknown) => caught as Error)
    expect(kindOf(error)).toBe('Missing')
    expect((error as Error).message).toMatch(/reading map \/nowhere.map at .*: HAProxy has no such map/)
    const seen = await port.observe('cohort', io())
    const refused = await port
      .write({ target: 'cohort', desired: { users: ['beta'] }, seen }, io())
      .catch((caught: unknown) => caught as Error)
    expect(kindOf(refused)).toBe('Rejected')
    expect((refused as Error).message).toMatch(/something else of beta \(somewhere-else\)/)
  })

  it('without a file it says that a reload forgets; without a map it cannot', async () => {
    const { file: _, ...cohort } = started.config().cohort as { map: string; file: string }
    const bare = connect(provider, { ...started.config(), cohort }, testDeps())
    expect((await bare.observe('cohort', io())).cautions?.[0]).toMatch(/a reload of HAProxy forgets members/)
    const { cohort: __, ...without } = started.config()
    const error = await connect(provider, without, testDeps()).observe('cohort', io()).catch(kindOf)
    expect(error).toBe('Unsupported')
  })
})
