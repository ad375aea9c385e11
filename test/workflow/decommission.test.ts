// Capacity is taken away only while what remains carries the load: looked at during the proof of idleness, and once more after people
// have answered, which may be hours later.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const quick = 'samples: 0, good: 1 in a row'

/** 2,000 requests a second come through the edge; the new side is warmed up to three instances. */
const gone = (names: Names, perInstance: number): string =>
  `${frame(names)}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s }
  - switch: { connection: edge, hold: 0ms, ${quick} }
  - decommission:
      connection: fleet
      idle_proof: { from: prom, query: "requests($side, 100ms)", max: 50, for: 200ms, every: 50ms } # some come by name
      carries: { from: prom, load: "rate(all, 200ms)", per_instance: ${perInstance}, headroom: 10%, every: 50ms }
      people: [ana]
      good: 1 in a row
      extend_max: 300ms
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const instances = (run: Run, side: 'old' | 'new') =>
  (JSON.parse(run.world.snapshot())[`capacity ${side}`] as { count: number }).count

const approved = async (run: Run) => {
  const { id } = await run.gate('approval')
  await run.decide({ verdict: 'approve', gate: id, actor: 'ana' })
}

describe.concurrent('decommission', () => {
  test(
    'what would carry too little is asked about, and nothing is taken away meanwhile',
    async () => {
      const run = await bench.begin((names) => gone(names, 700)) // 3 x 700 x 0.9 = 1,890
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/load: good for 0ms of 200ms, 2,050, at most 1,890/)
      expect(instances(run, 'old')).toBe(3)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
      expect(run.world.snapshot()).toBe(run.before)
    },
    TEST_MS,
  )

  test(
    'what carries it is let go',
    async () => {
      const run = await bench.begin((names) => gone(names, 1_000))
      await approved(run)
      expect((await run.ended()).outcome).toBe('completed')
      expect(instances(run, 'old')).toBe(0)
    },
    TEST_MS,
  )

  test(
    'instances that an autoscaler took while people were asked are missed before the old ones go',
    async () => {
      const run = await bench.begin((names) => gone(names, 1_000))
      await run.gate('approval')
      const scaledIn = { port: 'capacity', target: 'new', value: { count: 1 } } as const
      run.world.stranger({ ...scaledIn, by: 'an autoscaler', as: 'machine' })
      await approved(run)
      const gate = await run.gate('evidence')
      expect(gate.waitsFor).toMatch(/load: 0 of 1 good, 2,050, at most 900/)
      expect(instances(run, 'old')).toBe(3)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
    },
    TEST_MS,
  )
})
