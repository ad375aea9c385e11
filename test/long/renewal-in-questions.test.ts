// Continue-as-new while a person is asked in the midst of a change, past the point of no return, at the end, and on the way
// back: the question is the same one, what was done is not done again, and no history grows with a flood or with time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Gate } from '../../workflows/run/state.ts'
import { openBench } from '../workflow/bench.ts'
import type { Bench, Begin, Run } from '../workflow/bench.ts'
import { flood, replayed, runIds } from '../workflow/renewals.ts'
import { frame } from '../workflow/runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 240_000
const EVENTS_MAX = 1_500 // of each history: the server suggests a new one after 60, and a flood goes on while tries are under way
const RECORD = 'api.example.com. A'
const QUICK = 'guards: [], unwatched: tried without guards, hold: 0ms, samples: 0'
const THEIRS = { port: 'traffic', target: 'edge split', by: 'mallory', value: { old: 70, new: 30 } } as const
const ASK = '  - approve: { expires: 30m, guards: [] }\n'
const SWITCH = `  - switch: { connection: edge, ${QUICK} }\n`
const CANARY = `  - canary: { connection: edge, weights: [10%], ${QUICK} }\n`
const GONE = `  - decommission: { connection: fleet, side: old, guards: [], good: 1 in a row, idle_proof: { from: prom, query: "requests(old, 100ms)", for: 100ms, every: 100ms }, self_approval: true }\n`
const LOWER = `  - ttl: { connection: zone, records: ["${RECORD}"], to: 1s, margin: 0ms, resolvers: [], within: 20s, guards: [] }\n`
const CHECK = '  - check: { connection: front, requests: [{ path: /orders }], every: 100ms, within: 1s }\n'
const WARM = '  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }\n'
const NAME = `  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, margin: 0ms, resolvers: [], within: 20s, hold: 0ms, guards: [], unwatched: tried without guards, good: 1 in a row }\n`

const runbook =
  (...steps: string[]) =>
  (names: Names) =>
    `${frame(names)}steps:\n${steps.join('')}`
/** Without the clients of the zone: the old side is idle once the split is switched. */
const idle =
  (...steps: string[]) =>
  (names: Names) =>
    runbook(...steps)(names).replace(/ {4}clients:\n.*\n/, '')

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'] })
})
afterAll(() => bench.close())

async function approved(
  made: (names: Names) => string,
  more: Begin & { act?(run: Run): void },
): Promise<Run> {
  const { act, ...options } = more
  const run = await bench.begin(made, options)
  const { id } = await run.gate('approval')
  act?.(run)
  await run.decide({ verdict: 'approve', gate: id, actor: 'raj' })
  return run
}

/** The question of this kind, through a flood of two histories: it is the same one. */
async function asked(run: Run, kind: Gate['kind']): Promise<Gate> {
  const gate = await run.gate(kind)
  const written = run.world.landed().length
  await flood(bench, run, 2)
  const { gates } = await run.until('asks on', (state) => state.gates.some(({ id }) => id === gate.id))
  expect(gates.find(({ id }) => id === gate.id)).toMatchObject({ openedAt: gate.openedAt, title: gate.title })
  expect(run.world.landed().length, 'nothing is written again').toBe(written)
  return gate
}

/** What it all comes to, and that it comes to it again from its histories, none of which is long. */
async function ends(run: Run, outcome: string): Promise<void> {
  const result = await run.ended()
  expect(result.outcome).toBe(outcome)
  expect(run.world.notices().filter(({ level }) => level === 'ask').length).toBe(await gatesOf(run))
  expect(await replayed(bench, run)).toBeGreaterThan(2)
  for (const runId of await runIds(bench, run)) {
    const { events } = await bench.env.client.workflow.getHandle(run.handle.workflowId, runId).fetchHistory()
    expect(events?.length).toBeLessThan(EVENTS_MAX)
  }
}

/** Each question was asked once. */
async function gatesOf(run: Run): Promise<number> {
  return Object.values((await run.state()).asked).reduce((sum, times) => sum + times, 0)
}

const deny = (run: Run, port: 'traffic' | 'dns' | 'capacity') =>
  run.world.script([{ when: { port, verb: 'write', call: 'every' }, fault: { kind: 'Denied' } }])

test(
  'before a first change: somebody has changed the target since the plan',
  async () => {
    const run = await approved(runbook(ASK, CANARY), {
      found: true,
      act: ({ world }) => world.stranger(THEIRS),
    })
    const { id } = await asked(run, 'drift')
    await run.decide({ verdict: 'approve', gate: id })
    await ends(run, 'completed')
  },
  TEST_MS,
)

test(
  'in the midst of a change: somebody has changed what this run had set',
  async () => {
    const run = await approved(runbook(CANARY, ASK, SWITCH, ASK), {
      act: ({ world }) => world.stranger(THEIRS),
    })
    const { id } = await asked(run, 'drift')
    await run.decide({ verdict: 'approve', gate: id })
    const { changes } = await run.until('asks again', ({ gates }) => gates[0]?.kind === 'approval')
    expect(changes.filter(({ step }) => step === 's03-switch')).toMatchObject([
      { status: 'applied', verified: true, before: { old: 90, new: 10 } },
    ])
    await run.abort()
    await ends(run, 'restored')
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'past the point of no return: a change that cannot be made',
  async () => {
    const trouble: { end?(): void } = {}
    const run = await approved(idle(SWITCH, GONE), {
      act: (each) => void (trouble.end = deny(each, 'capacity').end),
    })
    const { id } = await asked(run, 'failure')
    trouble.end?.()
    await run.decide({ verdict: 'retry', gate: id })
    await ends(run, 'completed')
    expect(JSON.parse(run.world.snapshot())).toMatchObject({ 'capacity old': { count: 0 } })
  },
  TEST_MS,
)

test(
  'past the point of no return: a step that fails, and is gone on without, is a remainder',
  async () => {
    const run = await approved(idle(SWITCH, GONE, CHECK), {
      act: ({ world }) =>
        void world.script([
          { when: { port: 'probe', verb: 'probe', call: 'every' }, fault: { kind: 'Rejected' } },
        ]),
    })
    const { id } = await asked(run, 'failure')
    await run.decide({ verdict: 'skip', gate: id })
    await ends(run, 'completed-with-remainder')
    expect((await run.state()).remainder).toMatchObject([
      {
        connection: 'step',
        target: 's03-check',
        note: expect.stringMatching(/^skipped: .*not good within 1s/),
      },
    ])
  },
  TEST_MS,
)

test(
  'at the end: a target that is no longer as it was left',
  async () => {
    const run = await approved(runbook(SWITCH, ASK), { act: ({ world }) => world.stranger(THEIRS) })
    const { id } = await asked(run, 'drift')
    await run.decide({ verdict: 'approve', gate: id })
    await ends(run, 'completed-with-remainder')
    expect((await run.state()).remainder).toMatchObject([{ connection: 'edge', target: 'split' }])
  },
  TEST_MS,
)

test(
  'at the end: a TTL that cannot be put back',
  async () => {
    const trouble: { end?(): void } = {}
    const run = await approved(runbook(LOWER, ASK), {
      act: (each) => void (trouble.end = deny(each, 'dns').end),
    })
    const { id } = await asked(run, 'failure')
    expect((await run.state()).changes).toHaveLength(2)
    trouble.end?.()
    await run.decide({ verdict: 'retry', gate: id })
    await ends(run, 'completed')
    expect((await run.state()).changes).toHaveLength(2)
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'on the way back: what cannot be restored is tried on and on beside the question, and comes back by itself',
  async () => {
    const run = await bench.begin(runbook(WARM, CANARY, NAME, ASK))
    await run.gate('approval')
    const trouble = deny(run, 'traffic')
    await run.abort('first')
    const { id } = await asked(run, 'restore')
    const { reason, restorations } = await run.state()
    expect(reason).toMatchObject({ kind: 'abort', reason: 'first' })
    expect(restorations.map(({ target, status }) => [target, status === 'restored'])).toEqual([
      [RECORD, true],
      ['split', false],
      ['new', false],
    ])
    trouble.end()
    await ends(run, 'restored')
    expect(run.world.snapshot()).toBe(run.before)
    const { decisions, gates } = await run.state()
    expect(decisions.filter(({ accepted, gate }) => accepted && gate === id)).toEqual([])
    expect(gates).toEqual([])
  },
  TEST_MS,
)

test(
  'on the way back: what a person has left stays left, and is listed once',
  async () => {
    const run = await bench.begin(runbook(WARM, CANARY, NAME, ASK))
    await run.gate('approval')
    const troubles = [deny(run, 'traffic'), deny(run, 'dns')]
    await run.abort()
    const { gates } = await run.until('asks about both', (state) => state.gates.length === 2)
    const name = gates.find(({ id }) => id.includes('zone'))?.id as string
    await run.decide({ verdict: 'skip', gate: name })
    await run.until('asks about one', (state) => state.gates.length === 1)
    await asked(run, 'restore')
    for (const trouble of troubles) trouble.end()
    await ends(run, 'completed-with-remainder')
    expect((await run.state()).remainder.map(({ target }) => target)).toEqual([RECORD, 'new'])
  },
  TEST_MS,
)

test(
  "on the way back: somebody else's value is asked about, through all of it never overwritten",
  async () => {
    const run = await bench.begin(runbook(WARM, CANARY, ASK))
    await run.gate('approval')
    run.world.stranger(THEIRS)
    await run.abort()
    const { id } = await asked(run, 'restore')
    run.world.stranger({ ...THEIRS, value: { old: 90, new: 10 } })
    await run.decide({ verdict: 'retry', gate: id })
    await ends(run, 'restored')
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)
