// Somebody who puts back what is declared: suspended for the time of a run, handed back when the declaration agrees, and never left
// suspended for good by a run that is gone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Json, sameJson } from '../../workflows/json.ts'
import type { World } from '../../activities/sim/world.ts'
import { until } from '../../lab/until.ts'
import { readRun } from '../../view/read.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { declaredThereAndBack } from './runbooks.ts'

const HELD = 'reconciler gitops reconciling'
const EDGE = { port: 'traffic', target: 'edge split' } as const
const MOVED = { old: 0, new: 100 }
const EDGE_BEFORE = { old: 100, new: 0 }

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const held = ({ world }: Run, key: string) =>
  (JSON.parse(world.snapshot()) as { [key: string]: Json })[key] ?? null
const byGitops = ({ world }: Run) => world.landed().filter(({ by }) => by === 'gitops')
const commit = (world: World) => world.declare('gitops', [{ ...EDGE, value: MOVED }])

async function approved(run: Run): Promise<void> {
  const gate = await run.gate('approval')
  await run.decide({ verdict: 'approve', gate: gate.id, actor: 'ana' })
}

const awaited = (run: Run) =>
  run.until('waits for the declaration', ({ holding }) => holding?.key.endsWith('/declared') === true)

describe('what is declared elsewhere', () => {
  test('is left alone while the run lasts, and handed back only when it says what the run has set', async () => {
    const run = await bench.begin(declaredThereAndBack)
    await approved(run)
    const { declare, suspensions } = await awaited(run)
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    expect(held(run, 'traffic edge split'), 'nothing is put back').toEqual(MOVED)
    expect(declare).toContainEqual({
      object: 'traffic edge split',
      patch: [{ op: 'replace', path: '', value: MOVED }],
    })
    expect(suspensions?.[0]?.objects.toSorted()).toEqual(['capacity new', 'traffic edge split'])
    await until('people see what it waits for', async () => {
      const { view } = await readRun(
        { client: bench.env.client, address: '', namespace: 'default' },
        run.service,
      )
      return view.proofs.some(({ text }) => text.includes('gitops declares traffic edge split'))
    })
    commit(run.world)
    expect((await run.ended()).outcome).toBe('completed')
    expect(held(run, HELD)).toEqual({ suspended: false })
    expect(held(run, 'traffic edge split')).toEqual(MOVED)
    expect(byGitops(run), 'not one value was ever put back').toEqual([])
  })

  test('is let go on last of all on the way back, and finds nothing to put back', async () => {
    const run = await bench.begin(declaredThereAndBack)
    await run.gate('approval')
    const there = run.world.landed().length
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
    const back = run.world.landed().slice(there)
    expect(back.map(({ target }) => target)).toEqual(['edge split', 'new', 'gitops reconciling'])
    expect(byGitops(run)).toEqual([])
  })

  test('that would put back what is not back yet stays suspended, and a person hears why', async () => {
    const run = await bench.begin(declaredThereAndBack)
    await run.gate('approval')
    commit(run.world) // too early: the run is going to be aborted
    await run.abort()
    const gate = await run.gate('restore')
    expect(gate.waitsFor).toContain('gitops declares traffic edge split as {"old":0,"new":100}')
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    expect(held(run, 'traffic edge split')).toEqual({ old: 100, new: 0 })
    run.world.declare('gitops', [{ ...EDGE, value: { old: 100, new: 0 } }])
    expect((await run.ended()).outcome, 'reverted there, it goes on without them').toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
    expect(byGitops(run)).toEqual([])
  })

  test('that goes on and puts back all the same is suspended again beside the first of what goes back', async () => {
    const after = '  - approve: { people: [ana, raj], expires: 5m, guards: [] }\n'
    const run = await bench.begin((names) => declaredThereAndBack(names, { after }))
    await approved(run)
    await awaited(run)
    commit(run.world)
    await run.until('handed back', ({ gates }) => gates.some(({ step }) => step === 's07-approve'))
    expect(held(run, HELD)).toEqual({ suspended: false })
    const there = run.world.landed().length
    await run.abort()
    const gate = await run.gate('restore')
    expect(gate.step, 'Git still says what the run had set').toBe('s01-suspend')
    const own = run.world
      .landed()
      .slice(there)
      .filter(({ by }) => by === 'cutover') // gitops may be faster than the second
    const [first, second] = own
    expect([first?.target, second?.target].toSorted()).toEqual(['edge split', 'gitops reconciling'])
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    run.world.declare('gitops', [{ ...EDGE, value: { old: 100, new: 0 } }])
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  })
})

describe('a suspension ends without the run', () => {
  const expired = (run: Run) =>
    run.until('it has expired', () => sameJson(held(run, HELD), { suspended: false }))

  test('a run that was terminated leaves nothing suspended for good', async () => {
    const run = await bench.begin((names) => declaredThereAndBack(names, { expires: '4s' }))
    await run.gate('approval')
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    await run.handle.terminate('by force')
    await waitFor(() => sameJson(held(run, HELD), { suspended: false }))
    await waitFor(() => sameJson(held(run, 'traffic edge split'), { old: 100, new: 0 }))
    expect(run.world.notices().some(({ title }) => title.includes('has expired: it goes on again'))).toBe(
      true,
    )
  })

  test('one of somebody else is never lifted, though it stands where that of the run stood', async () => {
    const run = await bench.begin((names) => declaredThereAndBack(names, { expires: '4s' }))
    await run.gate('approval')
    await run.handle.terminate('by force')
    run.world.stranger({
      port: 'reconciler',
      target: 'reconciling',
      value: { suspended: true },
      by: 'mallory',
    })
    await waitFor(() => run.world.notices().some(({ title }) => title.includes('has expired: left alone')))
    expect(held(run, HELD)).toEqual({ suspended: true })
  })

  test('comes while no worker is up, and is done by the next one', async () => {
    const run = await bench.begin((names) => declaredThereAndBack(names, { expires: '4s' }))
    await run.gate('approval')
    await run.handle.terminate('by force')
    await bench.stopWorkers()
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(held(run, HELD), 'nobody is there to do it').toEqual({ suspended: true, by: 'cutover' })
    await bench.startWorker()
    await waitFor(() => sameJson(held(run, HELD), { suspended: false }))
  })

  test('that of an earlier run is not taken for the state before: the next run refuses, and it still ends', async () => {
    const one = await bench.begin((names) => declaredThereAndBack(names, { expires: '8s' }))
    await one.gate('approval')
    await one.handle.terminate('by force')
    const two = await bench.begin((names) => declaredThereAndBack(names, { expires: '4s' }), {
      service: one.service,
      world: one.plan.connections['gitops']?.config['world'] as string,
    })
    const { outcome, reason } = await two.ended()
    expect(outcome).toBe('restored')
    expect(reason).toMatchObject({ failure: 'Rejected', message: expect.stringContaining('an earlier run') })
    await waitFor(() => sameJson(held(one, HELD), { suspended: false }))
  })

  test('a person who gives the run more time gives it to the suspension', async () => {
    const run = await bench.begin((names) => declaredThereAndBack(names, { expires: '6s' }))
    const gate = await run.gate('approval')
    await run.decide({ verdict: 'extend', gate: gate.id, value: '5m', actor: 'ana', reason: 'lunch' })
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  })

  test('an expiry while the run still lasts is drift: named and asked about', async () => {
    const run = await bench.begin((names) =>
      declaredThereAndBack(names, { expires: '3s' }).replaceAll('expires: 5m, guards: []', 'expires: 5m'),
    )
    await run.gate('approval')
    await expired(run)
    const gate = await run.gate('drift')
    expect(gate.title).toMatch(/gitops reconciling|edge split/)
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  })
})

describe('a suspension that is set again on the way back', () => {
  test('because it had expired: first everything else is put back once more, then a person hears what is declared', async () => {
    const run = await bench.begin((names) => declaredThereAndBack(names, { expires: '7s' }))
    await run.gate('approval')
    commit(run.world) // what the run had set, which is to be gone
    await run.abort()
    const { id } = await run.gate('restore')
    await waitFor(() => sameJson(held(run, 'traffic edge split'), MOVED)) // let go on by the expiry, it has put that back
    const { gates } = await run.until('asks once more', ({ gates: now }) =>
      now.some((gate) => gate.kind === 'restore' && gate.id !== id),
    )
    expect(gates[0]?.waitsFor).toContain('gitops declares traffic edge split as {"old":0,"new":100}')
    expect(held(run, 'traffic edge split'), 'users are back').toEqual(EDGE_BEFORE)
    run.world.declare('gitops', [{ ...EDGE, value: EDGE_BEFORE }])
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  })

  test('after its expiry had come and found it handed back: it expires again, whatever becomes of the run', async () => {
    const after = '  - approve: { people: [ana, raj], expires: 5m, guards: [] }\n'
    const run = await bench.begin((names) => declaredThereAndBack(names, { after, expires: '5s' }))
    await approved(run)
    await awaited(run)
    commit(run.world)
    const { suspensions } = await run.until('handed back', ({ gates }) =>
      gates.some(({ step }) => step === 's07-approve'),
    )
    await waitFor(() => Date.now() > (suspensions?.[0]?.until ?? 0) + 500)
    await run.abort()
    await run.gate('restore')
    expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
    await run.handle.terminate('by force')
    await waitFor(() => sameJson(held(run, HELD), { suspended: false }))
  })
})

test('a handback that people skip past the point of no return leaves the suspension its expiry', async () => {
  const promotion =
    '  - promote: { connection: edge, people: [ana], samples: 0, good: 1 in a row }\n  - handback'
  const run = await bench.begin(
    (names) => declaredThereAndBack(names, { expires: '12s' }).replace('  - handback', promotion),
    {
      prepare: (world) =>
        void world.script([
          { when: { port: 'reconciler', verb: 'confirm', call: 2 }, fault: { kind: 'Denied' } },
        ]),
    },
  )
  await approved(run)
  const { gates } = await run.until('may be promoted', (now) =>
    now.gates.some(({ step }) => step === 's06-promote'),
  )
  await run.decide({ verdict: 'approve', gate: gates[0]?.id ?? '', actor: 'ana' })
  await run.decide({ verdict: 'skip', gate: (await run.gate('failure')).id, actor: 'ana' })
  expect((await run.ended()).outcome).toBe('completed-with-remainder')
  expect(held(run, HELD)).toEqual({ suspended: true, by: 'cutover' })
  await waitFor(() => sameJson(held(run, HELD), { suspended: false }))
})

async function waitFor(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 50) {
    if (waited > 30_000) throw new Error('it has not come about within half a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
