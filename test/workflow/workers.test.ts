// Workers die: kill -9 at every kind of call, forward and back; and end gracefully in the middle. The next one carries on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { attend } from './attend.ts'
import { bounded, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { isSteady, spotsOf } from './faults.ts'
import type { Spot } from './faults.ts'
import { wrongEnd } from './ends.ts'
import { atCall } from './moments.ts'
import { everything, thereAndBack } from './runbooks.ts'
import { startWorkerProcess } from './worker-process.ts'
import type { WorkerProcess } from './worker-process.ts'

const RUNS_AT_ONCE = 6 // each kill strikes all of them, each at another place
const KILLS_MS = 900_000
const HELD_MS = 250 // the call has left the worker and is under way when the worker dies

let bench: Bench
let worker: WorkerProcess | null = null
let change: Promise<unknown> = Promise.resolve()
let codePath = ''
let kills = 0

beforeAll(async () => {
  bench = await openBench({ worker: false })
  const bundle = await loadWorkflowBundle()
  codePath = 'codePath' in bundle ? bundle.codePath : ''
  await replace()
})
afterAll(async () => {
  await worker?.kill()
  await bench.close()
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
      expect(await killed).toBe(true)
      return wrongEnd(ending, { before: run.before, completed: snapshot, isForeign: false })
    })
    console.log(`${spots.length} runs through ${kills} killed workers`)
    expect(wrong.filter((each) => each !== null)).toEqual([])
  })

  test('at every call of the way back: restored all the same', { timeout: KILLS_MS }, async () => {
    const clean = await bench.begin(thereAndBack)
    await clean.gate('approval')
    const calls = clean.world.calls().length
    await clean.abort()
    expect((await attend(clean, { trouble: 'right' })).how).toBe('restored')
    const spots = spotsOf(clean.world.calls()).slice(calls).filter(isSteady)
    const ends = await bounded(spots, RUNS_AT_ONCE, async (spot) => {
      const run = await bench.begin(thereAndBack, { prepare: (world) => void world.script(held(spot)) })
      await run.gate('approval')
      const killed = killAt(run, spot)
      await run.abort()
      const ending = await attend(run, { trouble: 'right' })
      expect(await killed).toBe(true)
      const after = run.world.landed().length - ending.landed
      return after === 0 && ending.how === 'restored' && ending.snapshot === run.before
        ? 'restored'
        : `${spot.port} ${spot.verb} ${spot.target}: ${ending.how} ${ending.snapshot}, ${after} writes after the end\n${ending.error}`
    })
    console.log(`${spots.length} runs back through killed workers, ${kills} kills in all`)
    expect(ends).toEqual(spots.map(() => 'restored'))
  })
})
