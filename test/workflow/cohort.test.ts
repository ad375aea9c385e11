// Named users go first. Who is who is proven by asking, as members and as a stranger, for as long as they are held.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const MEMBERS = ['acme', 'globex']

const led = (names: Names, { hold = '300ms', side = 'edge' } = {}): string =>
  `${frame(names)}steps:
  - cohort:
      connection: edge
      members: [${MEMBERS.join(', ')}]
      hold: ${hold}
      proof:
        connection: door
        header: x-tenant
        old: { json: { side: old } }
        new: { json: { side: new } }
        every: 100ms
        breach: 3 in a row
      good: 2 in a row
  - canary: { connection: edge, weights: [10%], hold: 0ms, samples: 50, tolerance: 5%, good: 1 in a row }
`.replace('balancer: edge }', side === 'edge' ? 'balancer: edge }' : `body: { side: ${side} } }`)

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const users = (run: Run): string[] =>
  (JSON.parse(run.world.snapshot())['traffic edge cohort'] as { users: string[] }).users

describe.concurrent('cohort', () => {
  test(
    'members are led, strangers are not, then the shares of the others follow',
    async () => {
      const run = await bench.begin((names) => led(names))
      expect((await run.ended()).outcome).toBe('completed')
      expect(users(run)).toEqual(MEMBERS)
      const { serving, weights, steps } = await run.state()
      expect(serving.all).toEqual({ old: true, new: true })
      expect(weights['edge']).toEqual({ old: 90, new: 10 })
      expect(steps[0]?.notes.join('\n')).toMatch(/3 of 3 in/)
    },
    TEST_MS,
  )

  test(
    'an abort, and a guard of the new side that breaches for its members alone, lead them back',
    async () => {
      const [aborted, failing] = await Promise.all([
        bench.begin((names) => led(names, { hold: '1h' })),
        bench.begin((names) => led(names, { hold: '1h' })),
      ])
      const holds = (run: Run) => run.until('holds', ({ holding }) => holding !== null)
      await Promise.all([holds(aborted), holds(failing)])
      expect(users(aborted)).toEqual(MEMBERS)
      failing.world.set({ new: { errorRatio: 0.4 } })
      await aborted.abort()
      for (const run of [aborted, failing]) {
        expect((await run.ended()).outcome).toBe('restored')
        expect(run.world.snapshot()).toBe(run.before)
      }
      expect((await failing.state()).reason?.kind).toBe('breach')
    },
    TEST_MS,
  )

  test(
    'members that the old side answers, and strangers that the new one answers, are a breach',
    async () => {
      const runs = await Promise.all(
        ['old', 'new'].map((side) => bench.begin((names) => led(names, { hold: '1h', side }))),
      )
      for (const run of runs) {
        expect((await run.ended()).outcome).toBe('restored')
        expect((await run.state()).reason).toMatchObject({ kind: 'breach', subject: 'cohort of edge' })
        expect(run.world.snapshot()).toBe(run.before)
      }
    },
    TEST_MS,
  )
})
