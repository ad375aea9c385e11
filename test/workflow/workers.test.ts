// Workers die: kill -9 at every kind of call, forward and back; and end gracefully in the middle. The next one carries on.
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attend } from './attend.ts'
import { bounded, bundleFileOf, eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { isSteady, spotsOf } from './faults.ts'
import type { Spot } from './faults.ts'
import { LEADER, WORKFLOWS, handedOver, outOfOrder } from './handover/plans.ts'
import { wrongEnd } from './ends.ts'
import { atCall } from './moments.ts'
import { everything, handedBackThereAndBack, thereAndBack } from './runbooks.ts'
import { startWorkerProcess } from './worker-process.ts'
import type { WorkerProcess } from './worker-process.ts'

const RUNS_AT_ONCE = 6 // each kill strikes all of them, each at another place
const KILLS_MS = 900_000
const HELD_MS = 250 // the call has left the worker and is under way when the worker dies

const STRIDE = 5 // every fifth call of the way back; `npm run test:faults` has all

let bench: Bench
let worker: WorkerProcess | null = null
let change: Promise<unknown> = Promise.resolve()
let codePath = ''
let kills = 0

beforeAll(async () => {
  bench = await openBench({ worker: false })
  codePath = await bundleFileOf(WORKFLOWS)
  await replace()
})
afterAll(async () => {
  await worker?.kill()
  await bench.close()
  rmSync(dirname(codePath), { recursive: true, force: true })
})

/** Kills the worker and starts another; one at a time. */
function replace(): Promise<unknown> {
  change = change.then(async () => {
    if (worker !== null) kills += 1
    await worker?.kill()
    worker = await startWorkerProcess({
      address: bench.env.address,
      namespace: bench.env.namespace ?? 'default',
      codePath,
    })
  })
  return change
}

function killAt(run: Run, spot: Spot): Promise<boolean> {
  return atCall(run, spot, { moment: 'during', act: async () => void (await replace()) })
}

function held({ port, verb, target, nth }: Spot) {
  const when = { port, verb, call: nth, ...(target === 'any' ? {} : { target }) }
  return [{ when, fault: { hang: HELD_MS } }]
}

/** Every write, and one of each other kind of call. */
function chosen(spots: Spot[]): Spot[] {
  const isFirst = (spot: Spot, at: number) =>
    spots.findIndex(({ port, verb }) => port === spot.port && verb === spot.verb) === at
  return spots.filter((spot, at) => spot.verb === 'write' || isFirst(spot, at))
}

describe('kill -9', () => {
  test('at every change and every kind of call on the way there', { timeout: KILLS_MS }, async () => {
    const clean = await bench.begin(everything)
    const { how, snapshot, error } = await attend(clean, { trouble: 'right' })
    expect(how, error).toBe('completed')
    const spots = chosen(spotsOf(clean.world.calls()).filter(isSteady))
    const wrong = await bounded(spots, RUNS_AT_ONCE, async (spot) => {
      const run = await bench.begin(everything, { prepare: (world) => void world.script(held(spot)) })
      const killed = killAt(run, spot)
      const ending = await attend(run, { trouble: 'right' })
      expect(ending.how, ending.error).not.toBe('hanging')
      expect(await killed).toBe(true)
      return wrongEnd(ending, { before: run.before, completed: snapshot, isForeign: false })
    })
    console.log(`${spots.length} runs through ${kills} killed workers`)
    expect(wrong.filter((each) => each !== null)).toEqual([])
  })

  test('at every call of the way back: restored all the same', { timeout: KILLS_MS }, () =>
    killedOnTheWayBack(thereAndBack),
  )

  test('at every call of the way back of a step that has its own', { timeout: KILLS_MS }, () =>
    killedOnTheWayBack(handedOver),
  )

  test('at every call of the way back over a handback', { timeout: KILLS_MS }, () =>
    killedOnTheWayBack(handedBackThereAndBack),
  )

  test('twice in the wait of such a way back: it goes on with the same deadline', async () => {
    const run = await bench.begin((names) => handedOver(names, { drain: '8s' }))
    await run.gate('approval')
    const before = run.world.landed().length
    await run.abort()
    await eventually('nobody leads', () => run.world.landed().length > before)
    const { deadlines } = await run.until('waits', (state) => Object.keys(state.deadlines).length > 0)
    await replace()
    await replace()
    expect([deadlines, {}], 'the same, or over').toContainEqual((await run.state()).deadlines)
    const { how, snapshot, error } = await attend(run, { trouble: 'right' })
    expect(how, error).toBe('restored')
    expect(snapshot).toBe(run.before)
    const [nobody, moved] = run.world.landed().slice(before)
    expect([nobody?.target, moved?.target]).toEqual([LEADER, 'edge split'])
    expect((moved?.at ?? 0) - (nobody?.at ?? 0), 'it has waited').toBeGreaterThanOrEqual(8_000)
    expect(outOfOrder(run.world)).toBeNull()
  })
})

async function killedOnTheWayBack(runbook: typeof thereAndBack): Promise<void> {
  const clean = await bench.begin(runbook)
  await clean.gate('approval')
  const calls = clean.world.calls().length
  await clean.abort()
  expect((await attend(clean, { trouble: 'right' })).how).toBe('restored')
  const all = spotsOf(clean.world.calls()).slice(calls).filter(isSteady)
  const spots = process.env.CUTOVER_FAULTS === 'all' ? all : all.filter((_, at) => at % STRIDE === 0)
  const ends = await bounded(spots, RUNS_AT_ONCE, async (spot) => {
    const run = await bench.begin(runbook, { prepare: (world) => void world.script(held(spot)) })
    await run.gate('approval')
    const killed = killAt(run, spot)
    await run.abort()
    const ending = await attend(run, { trouble: 'right' })
    expect(ending.how, ending.error).not.toBe('hanging')
    expect(await killed).toBe(true)
    if (runbook === handedOver) expect(outOfOrder(run.world)).toBeNull()
    const after = run.world.landed().length - ending.landed
    return after === 0 && ending.how === 'restored' && ending.snapshot === run.before
      ? 'restored'
      : `${spot.port} ${spot.verb} ${spot.target}: ${ending.how} ${ending.snapshot}, ${after} writes after the end\n${ending.error}`
  })
  console.log(`${spots.length} runs back through killed workers, ${kills} kills in all`)
  expect(ends).toEqual(spots.map(() => 'restored'))
}
