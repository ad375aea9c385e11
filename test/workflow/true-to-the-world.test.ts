// What a run says in the end is said of the world, not of what it remembers: targets that already were as wanted, values that
// somebody else set, weights after a target was left.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../workflows/json.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

const RECORD = 'api.example.com. A'
const QUICK = 'guards: [], unwatched: tried without guards, good: 1 in a row, extend_max: 20s'
const ASK = '  - approve: { guards: [], expires: 5m }\n'
const SWITCH = `  - switch: { connection: edge, samples: 0, hold: 0ms, ${QUICK} }\n`
const NAME = `  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, hold: 0ms, margin: 0ms, resolvers: [], within: 20s, ${QUICK} }\n`
const THEIRS = { old: 61, new: 39 }

type Names = Parameters<typeof frame>[0]
const runbook =
  (...steps: string[]) =>
  (names: Names) =>
    `${frame(names)}steps:\n${steps.join('')}`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const split = ({ world }: Run) => (JSON.parse(world.snapshot()) as JsonObject)['traffic edge split']

test.each([
  {
    what: 'weights',
    step: SWITCH,
    of: { port: 'traffic', target: 'split' },
    wanted: { old: 0, new: 100 },
    theirs: { old: 100, new: 0 },
  },
  {
    what: 'a record',
    step: NAME,
    of: { port: 'dns', target: RECORD },
    wanted: { ttl: 2, values: ['192.0.2.20'] },
    theirs: { ttl: 2, values: ['192.0.2.10'] },
  },
] as const)(
  '$what that already were as wanted, and are changed by somebody while the run waits: asked about, never completed',
  async ({ step, of, wanted, theirs }) => {
    const run = await bench.begin(runbook(step, ASK), {
      prepare: (world) => world.stranger({ ...of, value: wanted as never, by: 'an earlier run' }),
    })
    const { id } = await run.gate('approval')
    run.world.stranger({ ...of, value: theirs as never, by: 'raj', as: 'person' })
    await run.decide({ verdict: 'approve', gate: id })
    const drift = await run.gate('drift')
    expect(`${drift.title} ${drift.waitsFor}`).toContain('raj')
    await run.decide({ verdict: 'approve', gate: drift.id })
    const { outcome, remainder } = await run.ended()
    expect(outcome).toBe('completed-with-remainder')
    expect(remainder).toMatchObject([{ target: of.target }])
  },
)

test('a value of somebody else that a person let stand, and that is the last one, is a remainder', async () => {
  const run = await bench.begin(runbook(SWITCH, '  - hold: { for: 20s, guards: [] }\n'))
  await run.until(
    'holds everything',
    ({ holding, weights }) => holding !== null && weights['edge']?.new === 100,
  )
  run.world.stranger({ port: 'traffic', target: 'split', value: THEIRS, by: 'raj' })
  const { id } = await run.gate('drift')
  await run.decide({ verdict: 'approve', gate: id })
  const { outcome, remainder } = await run.ended()
  expect(outcome).toBe('completed-with-remainder')
  expect(remainder).toMatchObject([{ connection: 'edge', target: 'split' }])
  expect(remainder[0]?.note).toContain('61')
  expect(split(run)).toEqual(THEIRS)
})

const turning = (names: Names) =>
  runbook(
    '  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }\n',
    SWITCH,
    ASK,
  )(names).replace(
    'drain: 50ms',
    'drain: 4s', // long enough to act between the first restoring and the last look
  )

test('a question that closed by itself leaves its name to no other one', async () => {
  const run = await bench.begin(turning)
  await run.gate('approval')
  const trouble = run.world.script([
    { when: { port: 'traffic', verb: 'write', call: 'every' }, fault: { kind: 'Unavailable' } },
  ])
  await run.abort()
  const first = await run.gate('restore')
  trouble.end()
  await run.until('closes by itself', ({ gates }) => gates.length === 0)
  run.world.stranger({ port: 'traffic', target: 'split', value: THEIRS, by: 'raj' })
  const second = await run.gate('restore')
  expect(second.id).not.toBe(first.id)
  await run.decide({ verdict: 'skip', gate: first.id }).catch(() => {}) // meant for the first: too late, and for nothing else
  expect((await run.state()).gates.map(({ id }) => id)).toEqual([second.id])
  await run.decide({ verdict: 'skip', gate: second.id })
  expect((await run.ended()).outcome).toBe('completed-with-remainder')
  expect(split(run)).toEqual(THEIRS)
})

test('weights shown after a target was left are those that were found', async () => {
  const run = await bench.begin(turning)
  await run.gate('approval')
  run.world.stranger({ port: 'traffic', target: 'split', value: THEIRS, by: 'raj' })
  await run.abort()
  const { id } = await run.gate('restore')
  await run.decide({ verdict: 'skip', gate: id })
  await run.ended()
  expect((await run.state()).weights['edge']).toEqual(THEIRS)
})
