// What a run does in the moment in which it turns back, by its history: the traffic first, and nothing that nobody needs.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { STRANGER, putRight } from './attend.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { eventNames } from './event-names.ts'
import { brief, frame } from './runbooks.ts'

const TEST_MS = 120_000 // half a minute until a receiver is given up, twice

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const oneTarget = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:\n  - canary: { connection: edge, weights: [10%], hold: 1h, samples: 0 }\n`

/** Names of the events after the first signal, without the tasks of the workflow. */
async function afterSignal(run: Run): Promise<string[]> {
  const names = await eventNames(run)
  const from = names.indexOf('workflowExecutionSignaled') + 1
  return names.slice(from).filter((name) => !name.startsWith('workflowTask'))
}

async function watches({ handle }: Run): Promise<number> {
  const { raw } = await handle.describe()
  return (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'watch').length
}

const holds = (weight: number) => (state: Awaited<ReturnType<Run['state']>>) =>
  state.holding !== null && state.weights['edge']?.new === weight

test('one target: restoring it is all that is done, and the watch is not cancelled but ends with the run', async () => {
  const run = await bench.begin(oneTarget)
  await run.until('holds 10 %', holds(10))
  expect(await watches(run)).toBe(1)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  const events = await afterSignal(run)
  const ofActivities = events.filter((name) => /^activityTask(Scheduled|Cancel)/.test(name))
  // Beside the restoring: the pager is told that the run goes back, and that it is back.
  expect(ofActivities).toEqual(Array.from({ length: 3 }, () => 'activityTaskScheduled'))
  expect(events).toContain('markerRecorded') // the lock, given back within the last task
})

test('a way back that takes longer asks the metrics no more', async () => {
  const run = await bench.begin((names) => brief(names, { hold: '1h' }).replace('drain: 50ms', 'drain: 5m'))
  await run.until('holds 10 %', holds(10))
  expect(await watches(run)).toBe(1)
  await run.abort()
  const { restorations } = await run.until('drains', ({ restorations: all }) => all[0]?.status === 'restored')
  expect(restorations.map(({ status }) => status)).toEqual(['restored', 'pending'])
  await expect.poll(() => watches(run)).toBe(0)
  await run.handle.terminate('its drain of five minutes is of no further interest')
})

test('a write that was given up and tried again may land late: it is waited for, and restored over', async () => {
  const run = await bench.begin(oneTarget, {
    adjust: ({ connections }) => Object.assign(connections['edge'] ?? {}, { landsWithin: '4s' }),
    prepare: (world) =>
      void world.script([
        {
          when: { port: 'traffic', verb: 'write', target: 'edge split', call: 1 },
          fault: { landsLate: 3_000, blind: true },
        },
      ]),
  })
  await run.until('holds 10 %', holds(10))
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.landed().length).toBe(4) // the second try, its restore, the first try, its restore
  expect(run.world.snapshot()).toBe(run.before)
})

// Calls of the way back, for each target: 1 look, 2 read back, 3 last look; a refusal that lasts is tried again, then asked about.
const FROM_THE_LAST_LOOK = Array.from({ length: 30 }, (_, at) => at + 3)
test.each([
  ['somebody writes', [2], { foreign: { old: 70, new: 30 }, by: STRANGER, moment: 'after' }],
  ['the backend shuts us out', FROM_THE_LAST_LOOK, { kind: 'Denied' }],
] as const)('%s between the restore and the last look: a person is asked', async (_, turns, fault) => {
  const run = await bench.begin((names) => brief(names, { hold: '1h' }))
  await run.until('holds 10 %', holds(10))
  const trouble = run.world.script(
    turns.map((call) => ({ when: { port: 'traffic', verb: 'observe', target: 'edge split', call }, fault })),
  )
  await run.abort()
  const { id } = await run.gate('restore')
  const split = (snapshot: string) => JSON.stringify(JSON.parse(snapshot)['traffic edge split'])
  expect(split(run.world.snapshot()) === split(run.before)).toBe(!('foreign' in fault)) // instances wait for the look
  expect(trouble.fired()).toBeGreaterThan(0)
  trouble.end()
  putRight(run)
  await run.decide({ verdict: 'retry', gate: id }).catch(() => {}) // the retries may have closed it
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('a refusal that passes needs no person on the way back', async () => {
  for (const kind of ['Denied', 'Missing', 'Rejected', 'Config', 'Unsupported', 'Bug'] as const) {
    const run = await bench.begin(oneTarget)
    await run.until('holds 10 %', holds(10))
    const call = [1, 2]
    run.world.script(
      call.map((each) => ({ when: { port: 'traffic', verb: 'write', call: each }, fault: { kind } })),
    )
    await run.abort()
    expect((await run.ended()).outcome, kind).toBe('restored')
    expect(run.world.snapshot(), kind).toBe(run.before)
    expect((await run.state()).asked, kind).toEqual({})
  }
})

test('a way back that fails asks a person, and the metrics no more', async () => {
  const run = await bench.begin(oneTarget)
  await run.until('holds 10 %', holds(10))
  const trouble = run.world.script([
    { when: { port: 'traffic', verb: 'write', call: 'every' }, fault: { kind: 'Unavailable' } },
  ])
  await run.abort()
  const { id } = await run.gate('restore')
  expect(await watches(run)).toBe(0)
  trouble.end()
  await run.decide({ verdict: 'retry', gate: id })
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

// What the SDK calls ABANDON wedges a run whose abandoned activity then fails: each way in which telling can end badly.
test.each([
  ['refuses', { kind: 'Denied', hang: 1_500 }],
  ['never answers', { hang: 60_000 }],
] as const)(
  'a receiver that %s while the run turns back does not keep it from going back',
  async (_name, fault) => {
    const asking = (names: Parameters<typeof brief>[0]) => brief(names, { after: '  - approve: {}\n' })
    const run = await bench.begin(asking, {
      prepare: (world) => void world.script([{ when: { port: 'notify', call: 'every' }, fault }]),
    })
    await run.gate('approval')
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)
