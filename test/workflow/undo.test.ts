// A step that goes back by its own way (undo.ts): in its order, beside everything else, asked about, taken over, gone once more.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attend } from './attend.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { LEADER, WORKFLOWS, handedOver, outOfOrder } from './handover/plans.ts'
import { atCall } from './moments.ts'
import { atWork } from './handover/at-work.ts'
import { ROUNDS } from './handover/kind.ts'

const TEST_MS = 120_000
const ledBy = (who: string) => ({ ttl: 0, values: [who] })
const RECORD = 'api.example.com. A'
const TTL = `  - ttl: { connection: zone, records: ["${RECORD}"], to: 1s, margin: 0ms, resolvers: [], within: 20s, guards: [] }\n`

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ workflows: WORKFLOWS })
})
afterAll(() => bench.close())

const held = (run: Run, key: string) => (JSON.parse(run.world.snapshot()) as { [key: string]: unknown })[key]
const first = (run: Run, key: string) => (JSON.parse(run.before) as { [key: string]: unknown })[key]

test('it is gone in its own order, each of its changes in the journal, and every target ends as it was', async () => {
  const run = await bench.begin(handedOver)
  await run.gate('approval')
  const there = run.world.landed().length
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  expect(outOfOrder(run.world)).toBeNull()
  const back = run.world.landed().slice(there)
  expect(back.map(({ target, value }) => [target, value])).toEqual([
    [LEADER, ledBy('"nobody"')],
    ['edge split', { old: 50, new: 50 }],
    [LEADER, ledBy('"one"')],
    ['edge split', { old: 100, new: 0 }], // the canary before it
    ['new', { count: 1 }],
  ])
  const { changes, undos, restorations, steps } = await run.state()
  expect(changes.filter(({ isBack }) => isBack).map(({ target, verified }) => [target, verified])).toEqual([
    [LEADER, true],
    ['split', true],
    [LEADER, true],
  ])
  expect(undos).toEqual([{ step: 's03-handover', status: 'done', change: null }])
  expect(restorations.map(({ status, note }) => [status, note])).toEqual(
    restorations.map(() => ['restored', null]),
  )
  expect(steps[2]?.notes.at(-1)).toContain('on the way back')
})

/** Everything is changed, the writes of one target are refused, and the run is aborted. */
async function refused(target: string, port: 'dns' | 'traffic'): Promise<{ run: Run; lift(): void }> {
  const run = await bench.begin((names) => handedOver(names, { before: TTL }))
  await run.gate('approval')
  const script = run.world.script([
    { when: { port, verb: 'write', target, call: 'every' }, fault: { kind: 'Denied' } },
  ])
  await run.abort()
  return { run, lift: () => script.end() }
}

test('one of its changes is refused for a while: everything else goes on, a person is asked, and it is done without them', async () => {
  const { run, lift } = await refused(LEADER, 'dns')
  const gate = await run.gate('restore')
  expect(gate).toMatchObject({ step: 's04-handover', allows: ['retry', 'skip'] })
  expect(gate.title).toContain('on the way back over hand over to "two"')
  expect(held(run, `dns ${RECORD}`), 'a name is back beside it').toEqual(first(run, `dns ${RECORD}`))
  expect(held(run, 'traffic edge split'), 'nothing of it is done before its turn').toEqual({
    old: 0,
    new: 100,
  })
  expect(held(run, 'capacity new'), 'instances wait').not.toEqual(first(run, 'capacity new'))
  lift()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  expect(outOfOrder(run.world)).toBeNull()
})

test('a person takes it over: nothing more of it is written, all of it is listed, the rest is restored', async () => {
  const { run } = await refused('edge split', 'traffic')
  const { id } = await run.gate('restore')
  const written = run.world.landed().length
  await run.decide({ verdict: 'skip', gate: id })
  const { outcome, remainder } = await run.ended()
  expect(outcome).toBe('completed-with-remainder')
  expect(remainder.map(({ target }) => target).toSorted()).toEqual([LEADER, 'new', 'split'].toSorted())
  expect(run.world.landed().length).toBe(written)
  expect(held(run, `dns ${RECORD}`)).toEqual(first(run, `dns ${RECORD}`))
  expect((await run.state()).undos[0]?.status).toBe('left')
})

test('a write of the step that was given up may land late: the next change waits for it, and finds it taken back', async () => {
  const late = { landsLate: 3_000, blind: true }
  const spot = { port: 'traffic' as const, verb: 'write' as const, target: 'edge split', nth: 2 }
  const run = await bench.begin(handedOver, {
    adjust: ({ connections }) => Object.assign(connections['edge'] ?? {}, { landsWithin: '4s' }),
    prepare: (world) =>
      void world.script([
        { when: { port: spot.port, verb: spot.verb, target: spot.target, call: spot.nth }, fault: late },
      ]),
  })
  await atCall(run, spot, { moment: 'after', act: () => run.abort() })
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  const splits = run.world.landed().filter(({ target }) => target === 'edge split')
  expect(splits.map(({ value }) => value)).toContainEqual({ old: 0, new: 100 }) // it has landed
  expect(outOfOrder(run.world)).toBeNull()
})

test('a run that is paused goes back all the same', async () => {
  const run = await bench.begin(handedOver)
  await run.gate('approval')
  await run.decide({ verdict: 'pause' })
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('a step that had only begun is taken back by the same way', async () => {
  const run = await bench.begin((names) => handedOver(names, { drain: '1h' }))
  await run.until('waits', ({ holding }) => holding?.title === 'what is under way ends')
  const there = run.world.landed().length
  await run.abort()
  const { deadlines } = await run.until(
    'waits on the way back',
    (state) => 's03-handover/undo/drain' in state.deadlines,
  )
  expect(deadlines['s03-handover/undo/drain']).toBeGreaterThan(Date.now())
  expect(run.world.landed().length, 'nobody led already').toBe(there)
  await run.handle.terminate('its wait of an hour is of no further interest')
})

test(
  'what it had brought back is found as the step had set it: the way is gone once more, not just written',
  async () => {
    const run = await bench.begin(handedOver)
    await run.gate('approval')
    const there = run.world.landed().length
    const back = () =>
      run.world
        .landed()
        .slice(there)
        .filter(({ target }) => target === LEADER).length === 2
    const again = { at: 0 }
    const asSet = { port: 'dns' as const, target: LEADER, value: ledBy('"two"'), by: 'mallory' }
    run.world.script([{ when: { port: 'capacity', verb: 'observe', call: 1 }, fault: { hang: 1_000 } }]) // the last look comes behind it
    await run.abort()
    await run.until('is taken back', back)
    again.at = run.world.landed().length
    run.world.stranger(asSet)
    const { how, snapshot, error } = await attend(run, { trouble: 'right' })
    expect(how, error).toBe('restored')
    expect(snapshot).toBe(run.before)
    const more = run.world.landed().slice(again.at + 1)
    expect(more.filter(({ target }) => target === LEADER).map(({ value }) => value)).toEqual([
      ledBy('"nobody"'),
      ledBy('"one"'),
    ])
  },
  TEST_MS,
)

test(
  'long work is part of it, and over before anything is said to be back',
  () =>
    atWork(bench, 5, async (run, requests) => {
      expect(held(run, 'traffic edge split')).toEqual({ old: 0, new: 100 })
      await run.abort('again')
      expect((await run.ended()).outcome).toBe('restored')
      expect(requests()).toBe(ROUNDS)
      expect(run.world.snapshot()).toBe(run.before)
    }),
  TEST_MS,
)
