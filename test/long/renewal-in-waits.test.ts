// Continue-as-new in the midst of a hold or a question: deadlines, approvals, proofs and rows of checks live on, nothing that
// the step has done is done again, and an abort is never lost.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../client/temporal.ts'
import { sayAbort } from '../../view/abort.ts'
import { readRun } from '../../view/read.ts'
import { approve } from '../../workflows/messages.ts'
import { bounded, eventually, openBench } from '../workflow/bench.ts'
import type { Bench, Run } from '../workflow/bench.ts'
import { flood, replayed } from '../workflow/renewals.ts'
import { brief, frame } from '../workflow/runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 240_000
const asking = (names: Names): string =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%, 50%], guards: [], unwatched: tried without guards, hold: 0ms, samples: 0 }
  - approve: { people: [ana, raj], quorum: 2, expires: 30m, guards: [] }
`

const long = (names: Names): string =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%, 50%], hold: 30s, good: 1 in a row, samples: 0 }
  - switch: { connection: edge, hold: 100ms, good: 1 in a row, samples: 0 }
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'] })
})
afterAll(() => bench.close())

const splits = ({ world }: Run) =>
  world.landed().flatMap(({ port, value }) => (port === 'traffic' ? [(value as { new: number }).new] : []))

test(
  'a question keeps its name, its approvals and its expiry, and is told to people once',
  async () => {
    const run = await bench.begin(asking)
    const gate = await run.gate('approval')
    await run.decide({ verdict: 'approve', gate: gate.id, actor: 'ana' })
    await flood(bench, run, 3)
    const { gates, steps, decisions, forgotten } = await run.state()
    expect(gates).toMatchObject([
      { id: gate.id, approvals: ['ana'], expires: gate.expires, openedAt: gate.openedAt },
    ])
    expect(steps[1]?.status).toBe('running')
    expect(decisions.filter(({ accepted }) => accepted)).toMatchObject([{ actor: 'ana' }])
    expect(forgotten).toBeGreaterThan(0)
    expect(JSON.stringify(await run.state()).length).toBeLessThan(150_000)
    expect(run.world.notices().filter(({ level }) => level === 'ask')).toHaveLength(1)
    await run.decide({ verdict: 'approve', gate: gate.id, actor: 'raj' })
    expect((await run.ended()).outcome).toBe('completed')
    expect(splits(run)).toEqual([10, 50])
    expect((await run.state()).steps[1]?.notes).toEqual(['approved by ana, raj'])
    expect(await replayed(bench, run)).toBeGreaterThan(3)
  },
  TEST_MS,
)

test(
  'a paused run stays paused, and begins no change until it is resumed',
  async () => {
    const run = await bench.begin((names) => long(names).replace('hold: 30s', 'hold: 500ms'))
    await run.until('holds at 10 %', ({ holding }) => holding !== null)
    await run.decide({ verdict: 'pause', actor: 'ana' })
    const { paused } = await run.until('waits', ({ phase }) => phase === 'waiting')
    await flood(bench, run, 3)
    expect(await run.state()).toMatchObject({ paused, phase: 'waiting', holding: null })
    expect(splits(run)).toEqual([10])
    await run.decide({ verdict: 'resume', actor: 'raj' })
    expect((await run.ended()).outcome).toBe('completed')
    expect(splits(run)).toEqual([10, 50, 100])
    expect(await replayed(bench, run)).toBeGreaterThan(3)
  },
  TEST_MS,
)

test(
  'a run is found, and hears an abort, by the id of its first history',
  async () => {
    const run = await bench.begin(long)
    await run.until('holds at 10 %', ({ holding }) => holding !== null)
    await flood(bench, run, 2)
    const runId = run.handle.firstExecutionRunId
    const access = await connect({ TEMPORAL_ADDRESS: bench.env.address, TEMPORAL_NAMESPACE: 'default' })
    try {
      const { view } = await readRun(access, run.service, { runId, isPatient: true })
      expect(view).toMatchObject({ service: run.service, outcome: null, weights: { old: 90, new: 10 } })
      expect(view.runId).not.toBe(runId)
      const abort = { service: run.service, runId, actor: 'ana', reason: 'by its first id' }
      await sayAbort(access, abort, () => {})
    } finally {
      await access.close()
    }
    expect((await run.ended()).reason).toMatchObject({ kind: 'abort', reason: 'by its first id' })
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'a hold keeps its deadline and its weight; evidence that comes and goes in it is asked about less and less',
  async () => {
    const run = await bench.begin(long)
    await run.until(
      'holds at 50 %',
      ({ weights, phase }) => weights['edge']?.new === 50 && phase === 'holding',
    )
    const { deadlines } = await run.state()
    for (let time = 0; time < 4; time++) {
      const outage = run.world.outage('metrics')
      const asked = await run.gate('evidence')
      if (time === 3) expect(asked.waitsFor).toMatch(/come and gone 3 times.*good for 5m/)
      expect((await run.state()).deadlines).toEqual(deadlines)
      outage.end()
      if (time < 3)
        await run.until('holds on', ({ gates, phase }) => gates.length === 0 && phase === 'holding')
      else await run.decide({ verdict: 'approve', gate: asked.id })
    }
    expect((await run.ended()).outcome).toBe('completed')
    expect(await replayed(bench, run)).toBeGreaterThan(1)
    expect(splits(run)).toEqual([10, 50, 100])
    const { log, decisions } = await run.state()
    expect(decisions).toHaveLength(1)
    expect(log.filter(({ text }) => text.startsWith('asking: ')).length).toBe(4)
  },
  TEST_MS,
)

test(
  'a question about evidence stays open through it, and is closed by evidence that comes back',
  async () => {
    const run = await bench.begin((names) => brief(names, { hold: '10s' }))
    await run.until(
      'holds at 10 %',
      ({ weights, phase }) => weights['edge']?.new === 10 && phase === 'holding',
    )
    const outage = run.world.outage('metrics')
    const { id, openedAt } = await run.gate('evidence')
    await flood(bench, run, 2)
    expect((await run.state()).gates).toMatchObject([{ id, openedAt }])
    expect((await run.state()).phase).toBe('stuck')
    outage.end()
    expect((await run.ended()).outcome).toBe('completed')
    expect(run.world.notices().filter(({ level }) => level === 'ask')).toHaveLength(1)
    expect(splits(run)).toEqual([10, 50, 100])
    expect(await replayed(bench, run)).toBeGreaterThan(2)
  },
  TEST_MS,
)

test(
  'a question about drift is the same one after it, and its answer counts',
  async () => {
    const run = await bench.begin((names) => brief(names, { hold: '10m' }))
    await run.until(
      'holds at 10 %',
      ({ weights, phase }) => weights['edge']?.new === 10 && phase === 'holding',
    )
    const theirs = { port: 'traffic', target: 'edge split', by: 'mallory' } as const
    run.world.stranger({ ...theirs, value: { old: 70, new: 30 } })
    const { id, openedAt } = await run.gate('drift')
    await flood(bench, run, 2)
    expect((await run.state()).gates).toMatchObject([{ id, openedAt }])
    run.world.stranger({ ...theirs, value: { old: 90, new: 10 } })
    await run.decide({ verdict: 'retry', gate: id })
    await run.until('holds on', ({ phase, gates }) => phase === 'holding' && gates.length === 0)
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'rows of good checks go on: a proof that takes longer than any of its histories is there in the end',
  async () => {
    const idle = `  - decommission: { connection: fleet, side: old, guards: [], good: 1 in a row, people: [ana], idle_proof: { from: prom, query: "requests(old, 100ms)", for: 12s, every: 100ms }, expires: 5m }\n`
    const run = await bench.begin((names) =>
      `${frame(names)}steps:\n  - switch: { connection: edge, guards: [], unwatched: tried without guards, hold: 0ms, samples: 0 }\n${idle}`.replace(
        / {4}clients:\n.*\n/,
        '',
      ),
    )
    await run.until('proves', ({ holding }) => holding?.title.includes('idle') === true)
    const { deadlines } = await run.state()
    const asked = eventually('asks for its approval', async () => (await run.state()).gates.length > 0)
    const over = { yet: false }
    void asked.finally(() => (over.yet = true))
    while (!over.yet) await flood(bench, run, 1)
    await asked
    const { gates } = await run.state()
    expect((gates[0]?.openedAt ?? 0) - (Object.values(deadlines)[0] ?? 0)).toBeLessThan(9_000)
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(await replayed(bench, run)).toBeGreaterThan(3)
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'an abort in the moment of a new history is heard, and all is restored',
  async () => {
    await bounded(
      Array.from({ length: 12 }, (_, number) => number),
      4,
      async (number) => {
        const run = await bench.begin(asking)
        await run.gate('approval')
        const { client } = bench.env
        const handle = client.workflow.getHandle(`cutover/${run.service}`)
        const noise = Array.from({ length: 30 + number }, () => handle.signal(approve, { actor: 'bot' }))
        await Promise.all([...noise, run.abort()])
        expect((await run.ended()).outcome).toBe('restored')
        expect(run.world.snapshot()).toBe(run.before)
        await replayed(bench, run)
      },
    )
  },
  TEST_MS,
)
