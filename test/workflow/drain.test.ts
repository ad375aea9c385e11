// A drain waits for what a side has begun, under watch. What does not end in time is a matter for people, or is written down.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const quick = 'hold: 0ms, samples: 0, good: 1 in a row'

const drained = (names: Names, fields: string): string =>
  `${frame(names)}steps:
  - switch: { connection: edge, ${quick} }
  - drain: { connection: edge, every: 50ms, good: 2 in a row, ${fields} }
  - canary: { connection: edge2, weights: [10%], ${quick} }
`.replace('  fleet:', `  edge2: { provider: traffic/sim, world: ${names.world}, balancer: edge2 }\n  fleet:`)

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const withTunnels = (fields: string): Promise<Run> =>
  bench.begin((names) => drained(names, fields), {
    prepare: (world) => void world.set({ old: { tunnels: 2 } }),
  })
const waits = (run: Run) =>
  run.until('drains', ({ holding }) => holding?.title === 'drain the old side of edge')
const lastWeight = (run: Run) => run.world.landed().filter(({ target }) => target === 'edge2 split').length
const lines = async (run: Run) => (await run.state()).log.map(({ text }) => text)

describe.concurrent('drain', () => {
  test(
    'goes on as soon as nothing is left, and not before',
    async () => {
      const run = await withTunnels('within: 2m')
      await waits(run)
      expect(lastWeight(run)).toBe(0)
      run.world.set({ old: { tunnels: 0 } })
      expect((await run.ended()).outcome).toBe('completed')
      expect(lastWeight(run)).toBe(1)
    },
    TEST_MS,
  )

  test(
    'what does not end in time is asked about, with the number; once it has ended the question answers itself',
    async () => {
      const run = await withTunnels('within: 300ms')
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/in flight on edge old: 0 of 2 good, 2 in flight/)
      expect(lastWeight(run)).toBe(0)
      run.world.set({ old: { tunnels: 0 } })
      expect((await run.ended()).outcome).toBe('completed')
      expect((await run.state()).decisions).toEqual([])
    },
    TEST_MS,
  )

  test(
    'with go_on it is written down, and the run goes on',
    async () => {
      const run = await withTunnels('within: 300ms, on_timeout: go_on')
      expect((await run.ended()).outcome).toBe('completed')
      expect(await lines(run)).toContainEqual(
        expect.stringMatching(/its time is over, going on: in flight on edge old: .*2 in flight/),
      )
    },
    TEST_MS,
  )

  test(
    'go_on is no way past a guard that is not good',
    async () => {
      const run = await bench.begin(
        (names) =>
          drained(names, 'within: 3s, on_timeout: go_on').replace(
            'breach: 2 in a row',
            'breach: 900 in a row',
          ),
        { prepare: (world) => void world.set({ old: { tunnels: 2 } }) },
      )
      await waits(run)
      run.world.set({ new: { errorRatio: 0.2 } })
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/errors/)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
    },
    TEST_MS,
  )

  test(
    'a query counts where the edge cannot: what it still finds is asked about, and nothing left answers the question',
    async () => {
      // Users of the second edge are on the old side all the time: eight requests of theirs are under way.
      const counted =
        'within: 300ms, most: 20, in_flight: { from: prom, query: "in_flight($side)", for: 200ms }'
      const run = await bench.begin((names) => drained(names, counted), {
        prepare: (world) => void world.set({ old: { tunnels: 50 } }),
      })
      run.world.script([
        { when: { port: 'traffic', verb: 'count', call: 'every' }, fault: { kind: 'Unavailable' } },
      ])
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/in flight on the old side: good for 0ms of 200ms, 58, at most 20;/)
      expect(lastWeight(run)).toBe(0)
      run.world.set({ old: { tunnels: 0 } })
      expect((await run.ended()).outcome).toBe('completed')
      expect((await run.state()).decisions).toEqual([])
      expect(lastWeight(run)).toBe(1)
    },
    TEST_MS,
  )

  test(
    'a query that brings no number proves nothing empty',
    async () => {
      const counted = 'within: 300ms, in_flight: { from: prom, query: "in_flight($side)", for: 100ms }'
      const run = await bench.begin((names) => drained(names, counted))
      run.world.script([
        {
          when: { port: 'metrics', target: 'in_flight(old)', call: 'every' },
          fault: { kind: 'Unavailable' },
        },
      ])
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/in flight on the old side: .*unknown/)
      expect(lastWeight(run)).toBe(0)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
    },
    TEST_MS,
  )

  test(
    'a breach while it waits sends the run back, and an edge that cannot be asked is not an empty one',
    async () => {
      const [failing, silent] = await Promise.all([
        withTunnels('within: 2m'),
        withTunnels('within: 300ms, on_timeout: go_on'),
      ])
      silent.world.set({ old: { tunnels: 0 } })
      silent.world.script([
        { when: { port: 'traffic', verb: 'count', call: 'every' }, fault: { kind: 'Unavailable' } },
      ])
      await waits(failing)
      failing.world.set({ new: { errorRatio: 0.5 } })
      expect((await failing.ended()).outcome).toBe('restored')
      expect(failing.world.snapshot()).toBe(failing.before)
      expect((await silent.ended()).outcome).toBe('completed')
      expect(await lines(silent)).toContainEqual(
        expect.stringMatching(/going on: in flight on edge old: .*unknown/),
      )
    },
    TEST_MS,
  )
})
