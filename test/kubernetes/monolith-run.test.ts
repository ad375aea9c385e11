// examples/monolith-to-kubernetes.yaml, whole runs through the CLI with requests of users all the time, while Argo CD puts back what Git
// says whenever it is not suspended (Argo CD as it is): aborted, broken, and there with a worker that is killed on the way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Declaration } from '../../workflows/ports/target.ts'
import { type Served, sendLoad } from '../contract/traffic/upstream.ts'
import { type MonolithStage, openMonolithStage } from './monolith-stage.ts'

const PER_SECOND = 60 // through each of the three
const PLANS_MAX = 10 // each of a few seconds
const RUN_MS = 240_000 // a whole run with its proofs, on busy cores
const GOES_ON = { prune: true, selfHeal: true }
const START = {
  pair: [
    [100, 0],
    [100, 0],
  ],
  route: [100, 0],
  record: ['127.0.0.1'],
  automated: GOES_ON,
}
const MOVED = {
  pair: [
    [0, 100],
    [0, 100],
  ],
  route: [0, 100],
  record: ['192.0.2.30'],
  automated: GOES_ON,
}

let stage: MonolithStage
beforeAll(async () => {
  stage = await openMonolithStage()
})
afterAll(() => stage?.close())

const begin = () => stage.cli.follow(['start', stage.file, '--yes', '--wait', '--as', 'maria'])

/** Requests of users while the body runs, through each way in. */
async function underLoad(body: () => Promise<void>): Promise<Served> {
  const total: Served = { sides: {}, failed: [] }
  const over = new AbortController()
  const users = stage.urls.map(async (url) => {
    while (!over.signal.aborted) {
      const { sides, failed } = await sendLoad({ url, requests: PER_SECOND, perSecond: PER_SECOND })
      for (const [side, count] of Object.entries(sides)) total.sides[side] = (total.sides[side] ?? 0) + count
      total.failed.push(...failed)
    }
  })
  try {
    await body()
  } finally {
    over.abort()
    await Promise.all(users)
  }
  return total
}

const SHARES = [
  [75, 25],
  [50, 50],
]

/** With nothing against it: requests must have been counted before. */
async function plannedOnce() {
  for (let tries = 1; ; tries++) {
    const planned = await stage.cli.run(['plan', stage.file])
    if (planned.code === 0 || tries === PLANS_MAX) return planned
  }
}

describe('out of the monolith', () => {
  it(
    'is planned: Argo CD is named and suspended in time, and what Git must say stands at the handback',
    async () => {
      await underLoad(async () => {
        const { code, stdout } = await plannedOnce()
        const text = stdout.replaceAll(/\s+/g, ' ')
        expect(text).toContain(
          'Argo CD application orders declares HTTPRoute shop/orders; step 1 suspends it (gitops)',
        )
        expect(text).not.toContain('may put back weights')
        expect(text).toContain('"path":"/spec/rules/0/backendRefs/1/weight","value":100')
        expect(code, stdout).toBe(0)
      })
    },
    RUN_MS,
  )

  it(
    'is aborted in the canary: all of it as before, Argo CD goes on last and changes nothing',
    async () => {
      expect(await stage.look()).toEqual(START)
      const synced = await stage.lastSync()
      const { failed, sides } = await underLoad(async () => {
        const run = begin()
        await run.line(/lb-b split proven/)
        const { pair, route } = await stage.look()
        for (const split of [...pair, route])
          expect(SHARES, 'the second one where this look came late').toContainEqual(split)
        await stage.cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(3)
      })
      expect(await stage.look()).toEqual(START)
      expect(failed).toEqual([])
      expect(sides['new'], 'the canary was served').toBeGreaterThan(0)
      await stage.compared()
      expect(await stage.look()).toEqual(START)
      expect(await stage.lastSync(), 'nothing was put back by anybody else').toBe(synced)
    },
    RUN_MS,
  )

  it(
    'goes back by itself when the new side breaks; no request fails but by that',
    async () => {
      const { failed } = await underLoad(async () => {
        const run = begin()
        await run.line(/lb-b split proven/)
        stage.break(true)
        const { code, stdout } = await run.ended
        stage.break(false)
        expect(code, stdout).toBe(5)
      })
      expect(await stage.look()).toEqual(START)
      expect(failed.length, 'the new side was asked while it was broken').toBeGreaterThan(0)
      expect(failed.filter((why) => why !== 'status 500')).toEqual([])
    },
    RUN_MS,
  )

  it(
    'moves all users though its worker is killed, and ends when Git says what it has done',
    async () => {
      const synced = await stage.lastSync()
      const { failed, sides } = await underLoad(async () => {
        const run = begin()
        await run.line(/lb-b split proven/)
        await stage.worker.server.kill()
        await stage.worker.server.start()
        await run.line(/to be declared: HTTPRoute/)
        const { declare, suspended } = await stage.cli.json<{ declare: Declaration[]; suspended: object[] }>([
          'status',
          'orders',
        ])
        expect(suspended).toMatchObject([{ connection: 'gitops' }])
        expect(await stage.look()).toMatchObject({ automated: { ...GOES_ON, enabled: false } })
        await commit(declare)
        await stage.compared()
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
      })
      expect(await stage.look()).toEqual(MOVED)
      expect(failed).toEqual([])
      expect(sides['new']).toBeGreaterThan(PER_SECOND)
      await stage.compared() // it goes on again
      expect(await stage.look()).toEqual(MOVED)
      expect(await stage.lastSync(), 'nothing was put back by anybody else').toBe(synced)
    },
    RUN_MS,
  )
})

/** Somebody applies the patch to the repository, as it was printed. */
async function commit(declare: Declaration[]): Promise<void> {
  const { orders } = stage
  const manifest = parse(orders.manifest(100, 0)) as Fields
  expect(declare.map(({ object }) => object)).toEqual(['HTTPRoute shop/orders'])
  for (const { op, path, value } of declare.flatMap(({ patch }) => patch)) {
    const fields = path.split('/').slice(1)
    const last = fields.pop() ?? ''
    const at = fields.reduce((held, field) => held[field] as Fields, manifest)
    if (op === 'test') expect(at[last]).toEqual(value)
    else at[last] = value
  }
  await orders.repository.commit({ 'route.yaml': stringify(manifest) })
}

type Fields = { [field: string]: unknown }
