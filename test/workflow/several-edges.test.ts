// Services with several edges: a pair that is moved as one, regions that are moved one after the other. What is served is known
// by edge, so that each guard watches its own; going back writes all edges at once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../activities/sim/world.ts'
import { attributes } from '../../workflows/messages.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

type Names = { service: string; world: string }

const QUICK = 'samples: 0, good: 1 in a row, extend_max: 20s'

function frame({ service, world }: Names): string {
  return `cutover: v1
service: ${service}
drain: 50ms
connections:
  west: { provider: traffic/sim, world: ${world}, balancer: west, rate: 2000/s }
  east: { provider: traffic/sim, world: ${world}, balancer: east, rate: 2000/s }
  fleet: { provider: capacity/sim, world: ${world}, old: 3, new: 3 }
  prom: { provider: metrics/sim, world: ${world} }
guards:
  errors: { from: prom, query: "error_ratio($side, 1s)", max: 1%, every: 100ms, breach: 2 in a row }
  west: { from: prom, of: west, query: "error_ratio($side, 1s)", max: 1%, every: 100ms, breach: 2 in a row }
  east: { from: prom, of: east, query: "error_ratio($side, 1s)", max: 1%, every: 100ms, breach: 2 in a row }
steps:
`
}

const pair = (names: Names, hold = '100ms'): string =>
  `${frame(names)}  - canary: { connection: [west, east], weights: [10%, 50%], hold: ${hold}, samples: 20, tolerance: 15%, good: 1 in a row }
  - switch: { connection: [west, east], hold: 100ms, ${QUICK} }
`

const regions = (names: Names, hold: string): string =>
  `${frame(names)}  - switch: { connection: west, hold: 100ms, ${QUICK} }
  - canary: { connection: east, weights: [10%], hold: ${hold}, ${QUICK} }
  - switch: { connection: east, hold: 100ms, ${QUICK} }
`

function splits({ world }: Run): { [balancer: string]: unknown } {
  const all = JSON.parse(world.snapshot()) as { [key: string]: unknown }
  return { west: all['traffic west split'], east: all['traffic east split'] }
}

const share = (old: number, fresh: number) => ({ old, new: fresh })

function writes(world: World): string[] {
  return world.landed().map(({ target, value }) => `${target} ${(value as { new: number }).new}`)
}

test('a pair is changed in order, proven side by side, and completed as one', async () => {
  const run = await bench.begin((names) => pair(names))
  expect((await run.ended()).outcome).toBe('completed')
  expect(splits(run)).toEqual({ west: share(0, 100), east: share(0, 100) })
  expect(writes(run.world)).toEqual(
    [10, 50, 100].flatMap((percent) => [`west split ${percent}`, `east split ${percent}`]),
  )
  const { steps } = await run.state()
  expect(steps[0]?.notes.filter((note) => note.includes('proven'))).toHaveLength(4)
})

test('each of a pair has a proof of its own: a person is asked about the one that is not seen', async () => {
  const run = await bench.begin(
    (names) => pair(names).replace('good: 1 in a row }', 'good: 1 in a row, extend_max: 1s }'),
    {
      prepare: (world) =>
        void world.script([
          {
            when: { port: 'traffic', verb: 'confirm', target: 'east split', call: 'every' },
            fault: { kind: 'Unavailable' },
          },
        ]),
    },
  )
  const gate = await run.gate('evidence')
  expect(gate.title).toContain('east split')
  const { gates } = await run.state()
  expect(gates.filter(({ answer }) => answer === null)).toHaveLength(1)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('going back, users of the one edge do not wait for the other, which does not answer', async () => {
  const run = await bench.begin((names) => pair(names, '1h'))
  await run.until('holds 10 %', ({ holding }) => holding?.key.endsWith('10%') === true)
  const trouble = run.world.script([
    { when: { port: 'traffic', target: 'east split', call: 'every' }, fault: { hang: 60_000 } },
  ])
  await run.abort()
  await run.until('west is back', ({ restorations }) =>
    restorations.some(({ connection, status }) => connection === 'west' && status === 'restored'),
  )
  trouble.end()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  const [first, second] = await restores(run)
  expect([first?.of, second?.of]).toEqual(['east', 'west'])
  expect(first?.decidedAt).toBe(second?.decidedAt)
})

/** The tries of the way back in the order in which they were begun, each with the workflow task that begot it. */
async function restores({ handle }: Run): Promise<{ of: string; decidedAt: string }[]> {
  const { events } = await handle.fetchHistory()
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== 'restore') return []
    const input = JSON.parse(String(scheduled.input?.payloads?.[0]?.data)) as { connection: { name: string } }
    return [{ of: input.connection.name, decidedAt: String(scheduled.workflowTaskCompletedEventId) }]
  })
}

test('one region after the other: guards sleep until users of their own edge are there, and both come back together', async () => {
  const run = await bench.begin((names) => regions(names, '1h'))
  const atEast = await run.until(
    'holds 10 % in the east',
    ({ holding, cursor }) => cursor === 1 && holding !== null,
  )
  expect(atEast.weights).toEqual({ west: share(0, 100), east: share(90, 10) })
  expect(atEast.serving).toEqual({
    all: { old: true, new: true },
    edges: { west: { old: false, new: true }, east: { old: true, new: true } },
  })
  expect(Object.keys(atEast.steps[0]?.readings ?? {}).toSorted()).toEqual(['errors', 'west'])
  const { typedSearchAttributes } = await run.handle.describe()
  expect(typedSearchAttributes.get(attributes.weight)).toBe(10)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  expect((await run.state()).restorations.map(({ connection }) => connection)).toEqual(['east', 'west'])
})

test('an edge that is still to be moved serves the old side, all in all too', async () => {
  const run = await bench.begin((names) => regions(names, '1h').replace('hold: 100ms', 'hold: 2s'))
  const { serving } = await run.until('the west has moved', ({ weights }) => weights['west']?.new === 100)
  expect(serving.all).toEqual({ old: true, new: true })
  expect(serving.edges['east']).toEqual({ old: true, new: false })
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
})

test('a breach of the one region while the other is moved brings both back', async () => {
  const run = await bench.begin((names) => regions(names, '1h'))
  await run.until('holds 10 % in the east', ({ holding, cursor }) => cursor === 1 && holding !== null)
  run.world.set({ new: { errorRatio: 0.2 } })
  const { outcome, reason } = await run.ended()
  expect([outcome, reason?.kind]).toEqual(['restored', 'breach'])
  expect(run.world.snapshot()).toBe(run.before)
})
