// Readings, lost readings and other people's writes: a run never goes forward on what it does not know, and never overwrites
// what is not its own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STRANGER } from './attend.ts'
import { eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { brief, frame } from './runbooks.ts'

type Names = { service: string; world: string }

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const split = (run: Run) =>
  JSON.parse(run.world.snapshot())['traffic edge split'] as { old: number; new: number }
const at = (run: Run, share: number) =>
  run.until(
    `${share} % on the new side`,
    ({ weights, phase }) => weights['edge']?.new === share && phase !== 'running',
  )

async function restored(run: Run): Promise<void> {
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
}

const TEST_MS = 120_000 // what a run has set is looked at every half minute
const holding = (names: Names) => brief(names, { hold: '10m' })
const long = (names: Names) => brief(names, { hold: '3s' })

describe.concurrent('evidence', () => {
  test('metrics are away during a canary: it holds, asks, and goes on by itself when they are back', async () => {
    const run = await bench.begin(long)
    await at(run, 10)
    const outage = run.world.outage('metrics')
    const gate = await run.gate('evidence')
    expect(gate.waitsFor).toMatch(/unknown: .*does not answer/)
    expect(split(run)).toEqual({ old: 90, new: 10 })
    const asked = run.world.calls({ port: 'metrics' }).length
    await eventually('looks on while it asks', () => run.world.calls({ port: 'metrics' }).length > asked + 4)
    expect(split(run)).toEqual({ old: 90, new: 10 })
    expect((await run.state()).phase).toBe('stuck')
    outage.end()
    expect((await run.ended()).outcome).toBe('completed')
    expect((await run.state()).decisions).toEqual([])
  })

  test('abort needs no metrics', async () => {
    const run = await bench.begin(long)
    await at(run, 10)
    run.world.outage('metrics')
    await run.gate('evidence')
    await run.abort()
    await restored(run)
  })

  test('a person may go on without evidence, and is written down', async () => {
    const run = await bench.begin(long) // time enough for the outage to come in the hold at 10 %
    await at(run, 10)
    const outage = run.world.outage('metrics')
    const { id } = await run.gate('evidence')
    await run.decide({ verdict: 'approve', gate: id })
    await at(run, 50)
    outage.end()
    expect((await run.ended()).outcome).toBe('completed')
    expect((await run.state()).decisions).toMatchObject([{ verdict: 'approve', gate: id, accepted: true }])
  })

  test('going on without evidence is not going on blindly: a breach in the rest of the hold sends the run back', async () => {
    const run = await bench.begin((names) => brief(names, { hold: '30s' }))
    await at(run, 10)
    const outage = run.world.outage('metrics')
    const { id } = await run.gate('evidence')
    await run.decide({ verdict: 'approve', gate: id })
    await run.until(
      'says what it goes on without',
      (state) =>
        state.holding?.waitsFor === 'the rest of the time: a person goes on without good checks of errors',
    )
    run.world.set({ new: { errorRatio: 0.5 } })
    outage.end()
    await restored(run)
    expect((await run.state()).reason).toMatchObject({ kind: 'breach', subject: 'errors' })
  })

  test('when_unknown: unwind goes back without asking', async () => {
    const run = await bench.begin((names) => long(names).replace('do: hold', 'do: unwind'))
    await at(run, 10)
    run.world.outage('metrics')
    await restored(run)
    expect((await run.state()).reason).toMatchObject({ kind: 'blind', subject: 'errors' })
  })

  test('guards lost while people are asked: watched on, and watched again when they are back', async () => {
    const run = await bench.begin((names) => brief(names, { after: '  - approve: { expires: 5m }\n' }))
    const approval = await run.gate('approval')
    const outage = run.world.outage('metrics')
    await run.gate('evidence')
    outage.end()
    await run.until('stops asking about evidence', ({ gates }) => gates.every(({ id }) => id === approval.id))
    run.world.set({ new: { errorRatio: 0.5 } })
    await restored(run)
    expect((await run.state()).reason).toMatchObject({ kind: 'breach' })
  })

  test('too few samples: extended, then asked, never passed', async () => {
    const run = await bench.begin((names) =>
      brief(names)
        .replace('min_samples: 5', 'min_samples: 1000')
        .replace('rate: 2000/s', 'rate: 20/s')
        .replace('for: 1500ms', 'for: 5m')
        .replaceAll('extend_max: 20s', 'extend_max: 3s'),
    )
    const gate = await run.gate('evidence')
    expect(gate.waitsFor).toMatch(/still waiting for errors: 0 of 1 good/)
    expect(split(run)).toEqual({ old: 90, new: 10 })
    run.world.set({ rps: { edge: 100_000 } })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test('a breach goes back within the checks it needs, and a single bad check does not', async () => {
    const run = await bench.begin(long)
    await at(run, 10)
    const query = { port: 'metrics', verb: 'query', target: 'error_ratio(new, 1s)', call: 1 } as const
    const one = run.world.script([{ when: query, fault: { reading: 0.5 } }])
    await eventually('sees one bad check', () => one.fired() === 1)
    await at(run, 50)
    const before = run.world.calls({ target: query.target }).length
    run.world.set({ new: { errorRatio: 0.5 } })
    await restored(run)
    expect((await run.state()).reason).toMatchObject({ kind: 'breach', subject: 'errors' })
    expect(run.world.calls({ target: query.target }).length - before).toBeLessThanOrEqual(4)
  })

  test('a dry run guard measures and never acts', async () => {
    const tame =
      '  tame: { from: prom, query: "latency_p95($side, 1s)", max: 1ms, every: 100ms, breach: 1 in a row, dry_run: true }\n'
    const run = await bench.begin((names) => brief(names, { guard: tame }))
    expect((await run.ended()).outcome).toBe('completed')
    const readings = (await run.state()).steps.flatMap((step) => step.readings.tame ?? [])
    expect(readings.map(({ verdict }) => verdict)).toContain('bad')
  })

  test('a slow shadow that hurts the old side is stopped by a guard of the old side', async () => {
    const primary =
      '  primary: { from: prom, query: "latency_p95($side, 1s)", side: old, max: 200ms, every: 100ms, breach: 2 in a row }\n'
    const run = await bench.begin(
      (names) =>
        `${frame(names, primary)}steps:\n  - shadow: { connection: edge, percent: 20%, for: 30s, samples: 0 }\n`,
    )
    await run.until('mirrors', ({ phase }) => phase === 'holding')
    run.world.set({ old: { latencyMs: 900 } })
    await restored(run)
    expect((await run.state()).reason).toMatchObject({ kind: 'breach', subject: 'primary' })
  })
})

describe.concurrent('other people', () => {
  const foreign = {
    port: 'traffic',
    target: 'edge split',
    value: { old: 70, new: 30 },
    by: STRANGER,
  } as const

  test('a write of theirs during a hold is found by the next change, which names them and waits', async () => {
    const run = await bench.begin(long)
    await at(run, 10)
    run.world.stranger(foreign)
    const gate = await run.gate('drift')
    expect(gate.title).toContain(STRANGER)
    expect(split(run)).toEqual(foreign.value)
    await run.decide({ verdict: 'approve', gate: gate.id })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test('a write of theirs while requests are counted is named at once, not when the proof is late', async () => {
    const proven = (names: Names) => long(names).replace('samples: 0,', 'samples: 1000000,')
    const run = await bench.begin(proven)
    await at(run, 10)
    run.world.stranger(foreign)
    const gate = await run.gate('drift')
    expect(gate.title).toContain(STRANGER)
    run.world.stranger({ ...foreign, value: { old: 90, new: 10 } })
    await run.abort()
    await restored(run)
  })

  test(
    'a write of theirs in the middle of a long hold is asked about while it lasts: put back, or approved and gone back over',
    async () => {
      const [back, over] = await Promise.all([bench.begin(holding), bench.begin(holding)])
      for (const run of [back, over]) {
        await at(run, 10)
        run.world.stranger(foreign)
      }
      const gates = await Promise.all([back.gate('drift'), over.gate('drift')])
      for (const { title, waitsFor } of gates) {
        expect(title).toBe(`edge split was changed by ${STRANGER}`)
        expect(waitsFor).toContain('set to old 90 new 10, found old 70 new 30')
      }

      back.world.stranger({ ...foreign, value: { old: 90, new: 10 } })
      await back.decide({ verdict: 'retry', gate: gates[0].id })
      await back.until('holds on', ({ phase, gates: open }) => phase === 'holding' && open.length === 0)
      await over.decide({ verdict: 'approve', gate: gates[1].id })
      const { changes, weights } = await over.until('holds on', ({ phase }) => phase === 'holding')
      expect(changes.at(-1)).toMatchObject({ status: 'adopted', before: { old: 90, new: 10 } })
      expect(weights['edge']).toEqual(foreign.value)
      await Promise.all([back.abort(), over.abort()])
      await restored(back)
      await restored(over)
    },
    TEST_MS,
  )

  test('a write of theirs that takes the evidence away is asked about beside it', async () => {
    const run = await bench.begin(holding)
    await at(run, 10)
    const outage = run.world.outage('metrics')
    await run.gate('evidence')
    run.world.stranger(foreign)
    const gate = await run.gate('drift')
    expect((await run.state()).gates.map(({ kind }) => kind)).toEqual(['evidence', 'drift'])
    run.world.stranger({ ...foreign, value: { old: 90, new: 10 } })
    await run.decide({ verdict: 'retry', gate: gate.id })
    await run.until('is as it was set', ({ gates }) => gates.every(({ kind }) => kind === 'evidence'))
    outage.end()
    await run.until('holds on', ({ phase, gates }) => phase === 'holding' && gates.length === 0)
    await run.abort()
    await restored(run)
  })

  test('a write of theirs during the last hold is found by the last look', async () => {
    const run = await bench.begin(long)
    await at(run, 100)
    run.world.stranger(foreign)
    const gate = await run.gate('drift')
    expect(gate.waitsFor).toContain(STRANGER)
    await run.decide({ verdict: 'approve', gate: gate.id })
    expect(await run.ended()).toMatchObject({
      outcome: 'completed-with-remainder',
      remainder: [{ connection: 'edge', target: 'split' }],
    })
    expect(split(run)).toEqual(foreign.value)
  })

  test('going back never overwrites their value: put right and retried it is restored, skipped it is listed', async () => {
    const [right, left] = await Promise.all([bench.begin(long), bench.begin(long)])
    for (const run of [right, left]) {
      await at(run, 10)
      run.world.stranger(foreign)
      await run.abort()
    }
    const gates = await Promise.all([right.gate('restore'), left.gate('restore')])
    for (const gate of gates) expect(gate.waitsFor).toMatch(/Conflict.*mallory/)
    for (const run of [right, left]) expect(split(run)).toEqual(foreign.value)
    right.world.stranger({ ...foreign, value: { old: 90, new: 10 } })
    await right.decide({ verdict: 'retry', gate: gates[0].id })
    await restored(right)
    await left.decide({ verdict: 'skip', gate: gates[1].id })
    const { outcome, remainder } = await left.ended()
    expect(outcome).toBe('completed-with-remainder')
    expect(remainder.map(({ target }) => target)).toEqual(['split', 'new'])
    expect(JSON.parse(left.world.snapshot())['capacity new']).toEqual({ count: 3 })
  })

  test('traffic that cannot be taken back keeps its instances until it is', async () => {
    const run = await bench.begin(long)
    await at(run, 50)
    const write = { port: 'traffic', verb: 'write', call: 'every' } as const
    const script = run.world.script([{ when: write, fault: { kind: 'Denied' } }])
    await run.abort()
    const gate = await run.gate('restore')
    expect(gate.waitsFor).toMatch(/Denied/)
    await eventually('has restored what does not depend on it', async () =>
      (await run.state()).restorations.every(
        ({ target, status }) => target === 'split' || status !== 'restoring',
      ),
    )
    expect(JSON.parse(run.world.snapshot())).toMatchObject({ 'capacity new': { count: 3 } })
    script.end()
    await run.decide({ verdict: 'retry', gate: gate.id })
    await restored(run)
  })

  test('what was left at the last look and then went back after all is no remainder', async () => {
    const run = await bench.begin(long)
    await at(run, 100)
    const capacity = { port: 'capacity', target: 'new', value: { count: 2 }, by: STRANGER } as const
    run.world.stranger(foreign)
    run.world.stranger(capacity)
    const { gates } = await run.until('asks about both', (state) => state.gates.length === 2)
    const left = gates.find(({ id }) => id.includes('split'))
    await run.decide({ verdict: 'approve', gate: left?.id as string })
    run.world.stranger({ ...foreign, value: { old: 0, new: 100 } })
    run.world.stranger({ ...capacity, value: { count: 3 } })
    await run.abort()
    await restored(run)
  })

  test('two runs on one target: the second is refused and told who holds it', async () => {
    const first = await bench.begin(long)
    await at(first, 10)
    const second = await bench.begin(long, { world: first.world.name })
    const { outcome, reason } = await second.ended()
    expect(outcome).toBe('restored')
    expect(reason).toMatchObject({
      failure: 'Conflict',
      message: expect.stringContaining(`run of ${first.service}`),
    })
    await first.abort()
    await restored(first)
    const third = await bench.begin(long, { world: first.world.name, service: second.service })
    await at(third, 10)
    await third.abort()
    await restored(third)
  })
})
