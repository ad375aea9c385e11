// Several proxies that a connection names, of Istio and of Traefik, one of them frozen and one killed: no write waits for them, and a
// run is not `restored` before each of them has said what it serves, or a person has left it. As of several HAProxy on one port.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { startLoad } from '../../../lab/load.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { startTraefikCrd } from '../../../lab/servers/traefik-crd.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../../contract/changing.ts'
import type { TestDeps } from '../../contract/deps.ts'
import { freeze } from '../../contract/frozen.ts'
import { type Run, type Runs, openRuns } from '../../contract/traffic/runs.ts'
import { NAMESPACE } from '../ground.ts'
import * as mesh from './istio-bench.ts'
import * as crd from './traefik-crd-bench.ts'

const RATE = 100
const PATIENCE_MS = 60_000 // busy cores: what is asked here is what is said, not when
const SECONDS_MAX = 240
const RUN_MS = 240_000 // a whole run with its proofs, on two busy cores
const OLD = { old: 100, new: 0 }
const NEW = { old: 0, new: 100 }

interface Stage {
  id: string
  provider: ChangingBench['provider']
  config: JsonObject
  deps(): TestDeps
  /** What the object says, asked past the provider. */
  weights(): Promise<unknown>
  url: string
  /** One of the two that are named. */
  second: { server: ServerHandle; url: string }
  end(): Promise<void>
}

async function meshStage(): Promise<Stage> {
  const ground = await mesh.startMesh()
  const { server, adminUrl } = await ground.mesh.startGateway()
  const config = mesh.configOf(ground, 'orders', { proxies: [ground.mesh.adminUrl, adminUrl] })
  await mesh.putVirtualService(ground, { name: 'orders', hosts: ['*'], http: [mesh.ORDERS[1] as mesh.Rule] })
  return {
    id: 'traffic/istio',
    provider: mesh.provider,
    config,
    deps: () => ground.deps(),
    weights: async () => {
      const { spec } = (await ground.kubernetes.get(mesh.pathOf('orders'))) as mesh.Service
      return spec.http[0]?.route.map(({ weight }) => weight)
    },
    url: ground.mesh.edgeUrl,
    second: { server, url: adminUrl },
    end: async () => {
      await server.close()
      await ground.end()
    },
  }
}

async function traefikStage(): Promise<Stage> {
  const ground = await crd.startTraefikGround()
  const { server, apiUrl } = await startTraefikCrd(ground.kubernetes, { namespace: NAMESPACE })
  await crd.putService(ground, 'orders')
  return {
    id: 'traffic/traefik-crd',
    provider: crd.provider,
    config: crd.configOf(ground, 'orders', { apis: [ground.traefik.apiUrl, apiUrl] }),
    deps: () => ground.deps(),
    weights: async () => {
      const { spec } = (await ground.kubernetes.get(crd.pathOf('orders'))) as crd.Service
      return spec.weighted?.services.map(({ weight }) => weight)
    },
    url: ground.traefik.url,
    second: { server, url: apiUrl },
    end: async () => {
      await server.close()
      await ground.end()
    },
  }
}

describe.each([
  ['traffic/istio', meshStage],
  ['traffic/traefik-crd', traefikStage],
])('%s with two proxies named', (_, open) => {
  let stage: Stage
  let port: Changing
  let runs: Runs
  beforeAll(async () => {
    stage = await open()
    port = connect(stage.provider, stage.config, stage.deps())
    await everywhere(OLD)
    runs = await openRuns(stage.deps())
  })
  afterAll(async () => {
    await runs?.end()
    await stage?.end()
  })

  /** Every place of it holds this. */
  const everywhere = async (wanted: Json): Promise<void> => {
    const look = async (): Promise<boolean> => {
      const { value, elsewhere, facts } = await port.observe('split', io())
      const isServed = !/serves nothing/.test(JSON.stringify(facts))
      return elsewhere === undefined && isServed && JSON.stringify(value) === JSON.stringify(wanted)
    }
    await until(`both serve ${JSON.stringify(wanted)}`, look, PATIENCE_MS)
  }
  const restoring = async (): Promise<string> => {
    const request = {
      target: 'split',
      before: OLD,
      ours: [OLD, NEW],
      halves: [],
      isUncertain: false,
      isRepeated: true,
      portName: 'traffic' as const,
    }
    return await restoreTo(port, request, io()).then(
      ({ written }) => written,
      (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
    )
  }
  const outages: [string, RegExp, () => Promise<{ end(): Promise<void> }>][] = [
    [
      'frozen',
      /no answer within \d+ ms: while it stands still it may go on/,
      () => freeze(stage.second.server.pid),
    ],
    [
      'killed',
      /nothing listens there: a proxy that is gone serves nobody/,
      async () => {
        await stage.second.server.kill()
        return { end: () => stage.second.server.start() }
      },
    ],
  ]

  it.each(outages)(
    'of which one is %s: the write back goes out all the same, and it is not back before that one has said so',
    async (_word, words, begin) => {
      await everywhere(OLD)
      await port.write({ target: 'split', desired: NEW, seen: await port.observe('split', io()) }, io())
      await everywhere(NEW)
      const outage = await begin()
      try {
        const told = await until(
          'it says who could not be asked',
          async () => {
            const said = await restoring()
            expect(said, 'it is never back').toMatch(/^Unavailable/)
            return said.includes(`${stage.second.url} could not be asked`) && said
          },
          PATIENCE_MS,
        )
        expect(told).toMatch(/^Unavailable: split was written back to .*, but it reads /)
        expect(told).toMatch(words)
        expect(await stage.weights()).toEqual([100, 0])
        const { value, elsewhere } = await port.observe('split', io())
        expect(value, 'those that answer').toEqual(OLD)
        expect(elsewhere).toEqual([
          { place: expect.stringContaining(stage.second.url), value: null, isUntold: true },
        ])
        expect(await restoring(), 'again').toMatch(/^Unavailable/)
        const { settled, lines } = await port.confirm!(
          { target: 'split', desired: OLD, options: { samples: 1 } },
          io(),
        )
        expect(settled).toBe(false)
        expect(lines.join('\n')).toContain(`${stage.second.url} could not be asked`)
      } finally {
        await outage.end()
      }
      await everywhere(OLD)
      await until('it is back', async () => (await restoring()) === 'unchanged', PATIENCE_MS)
    },
    120_000,
  )

  const isHeld = (state: Awaited<ReturnType<Run['state']>>): boolean =>
    state.holding !== null && state.weights['edge']?.new === 100

  it.each(outages)(
    'a whole run of which one is %s when it is aborted: weights are back at once, a person is asked, and it is restored when that one answers',
    async (word, _words, begin) => {
      const load = await startLoad({
        target: { url: stage.url },
        ratePerSecond: RATE,
        secondsMax: SECONDS_MAX,
      })
      try {
        const connections = { edge: { provider: stage.id, ...stage.config } }
        const run = await runs.begin({ service: `named-${word}`, hold: '1h', connections })
        await run.reaches('all users are held on the new side', isHeld)
        const outage = await begin()
        await run.abort()
        const isBack = async () => JSON.stringify(await stage.weights()) === '[100,0]'
        await until('the weights are back', isBack, PATIENCE_MS)
        await run.reaches('a person is asked', ({ phase }) => phase === 'stuck')
        const { restorations, gates } = await run.state()
        expect(
          restorations.map(({ connection, target, status, note }) => ({ connection, target, status, note })),
        ).toEqual([
          {
            connection: 'edge',
            target: 'split',
            status: 'stuck',
            note: expect.stringContaining(stage.second.url),
          },
        ])
        expect(gates.map(({ kind, title }) => [kind, title])).toEqual([
          ['restore', expect.stringContaining('edge split')],
        ])
        await outage.end()
        expect(await run.outcome()).toBe('restored')
      } finally {
        await load.stop()
      }
      await everywhere(OLD)
    },
    RUN_MS,
  )
})
