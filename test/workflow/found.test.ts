// What people approved is a plan over a world that was looked at. What somebody writes between then and the run's first touch is
// theirs: it is asked about, never taken for what was there before.
import type { ChangingPort } from '../../workflows/ports/index.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../workflows/json.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

const RECORD = 'api.example.com. A'
const QUICK = 'guards: [], unwatched: tried without guards, hold: 0ms, good: 1 in a row'
const steps = {
  split: `canary: { connection: edge, weights: [25%], samples: 0, ${QUICK} }`,
  mirror: `shadow: { connection: edge, percent: 20%, for: 100ms, samples: 0, guards: [], unwatched: tried without guards, good: 1 in a row }`,
  record: `repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, margin: 0ms, resolvers: [], within: 20s, ${QUICK} }`,
  instances: `prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }`,
}

interface Case {
  step: keyof typeof steps
  port: ChangingPort
  target: string
  /** The target as the world spells it. */
  key: string
  theirs: Json
}

const cases: Case[] = [
  { step: 'split', port: 'traffic', target: 'split', key: 'traffic edge split', theirs: { old: 0, new: 77 } },
  { step: 'mirror', port: 'traffic', target: 'mirror', key: 'traffic edge mirror', theirs: { percent: 7 } },
  {
    step: 'record',
    port: 'dns',
    target: RECORD,
    key: `dns ${RECORD}`,
    theirs: { ttl: 7, values: ['192.0.2.77'] },
  },
  { step: 'instances', port: 'capacity', target: 'new', key: 'capacity new', theirs: { count: 0 } },
]

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

/** The run asks for approval; meanwhile raj writes the target that comes next. */
async function writtenMeanwhile({ step, port, target, theirs }: Case): Promise<{ run: Run; gate: string }> {
  const run = await bench.begin(
    (names) => `${frame(names)}steps:\n  - approve: { guards: [], expires: 5m }\n  - ${steps[step]}\n`,
    { found: true },
  )
  const { id } = await run.gate('approval')
  run.world.stranger({ port, target, value: theirs, by: 'raj', as: 'person' })
  await run.decide({ verdict: 'approve', gate: id })
  const { id: gate, title, waitsFor } = await run.gate('drift')
  expect(`${title} ${waitsFor}`, 'the writer is named').toContain('raj')
  return { run, gate }
}

const holds = ({ world }: Run, key: string) => (JSON.parse(world.snapshot()) as JsonObject)[key]

test.each(cases)(
  'a $step that somebody has changed since the plan: asked about, and left alone by an abort',
  async (each) => {
    const { run } = await writtenMeanwhile(each)
    expect(holds(run, each.key)).toEqual(each.theirs)
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(holds(run, each.key)).toEqual(each.theirs)
    expect(run.world.landed().filter(({ by }) => by === 'cutover')).toEqual([])
  },
)

test.each(cases)('a $step that somebody has put back: looked at again, and the run goes on', async (each) => {
  const { run, gate } = await writtenMeanwhile(each)
  const before = (JSON.parse(run.before) as JsonObject)[each.key] as Json
  run.world.stranger({ port: each.port, target: each.target, value: before, by: 'raj', as: 'person' })
  await run.decide({ verdict: 'retry', gate })
  expect((await run.ended()).outcome).toBe('completed')
})

test('gone on from what was found: the way back leads to what a person has let stand', async () => {
  const [split] = cases as [Case]
  const { run, gate } = await writtenMeanwhile(split)
  await run.decide({ verdict: 'approve', gate })
  expect((await run.ended()).outcome).toBe('completed')
  expect(holds(run, split.key)).toEqual({ old: 75, new: 25 })
})

test('nothing changed since the plan: nobody is asked', async () => {
  const run = await bench.begin(
    (names) =>
      `${frame(names)}steps:\n${Object.values(steps)
        .map((step) => `  - ${step}\n`)
        .join('')}`,
    { found: true },
  )
  const { outcome } = await run.ended()
  expect(outcome).toBe('completed')
  expect((await run.state()).decisions).toEqual([])
})
