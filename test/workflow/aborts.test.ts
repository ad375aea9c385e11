// Abort at every await: by decision, by signal, by cancelling the workflow; while a call is under way and between two calls;
// going forward and going back. CUTOVER_FAULTS=all takes every call.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../../activities/sim/fault.ts'
import { attend } from './attend.ts'
import type { Ending } from './attend.ts'
import { bounded, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { wrongEnd } from './ends.ts'
import { isSteady, spotsOf } from './faults.ts'
import { WORKFLOWS, handedOver, outOfOrder } from './handover/plans.ts'
import type { Spot } from './faults.ts'
import { atCall } from './moments.ts'
import { everything, handedBackThereAndBack, pairThereAndBack, thereAndBack } from './runbooks.ts'

const AT_ONCE = Number(process.env.CUTOVER_AT_ONCE ?? 16)
// Writes and notices more often than looks; coprime with the faults of each, so that every fault is met at some call.
const STRIDES = process.env.CUTOVER_FAULTS === 'all' ? { act: 1, look: 1 } : { act: 5, look: 25 }
const MATRIX_MS = 1_800_000
const HELD_MS = 300 // the call is under way when the abort arrives

const ways = ['decision', 'signal', 'cancel'] as const
type Way = (typeof ways)[number]
type Case = { name: string; spot: Spot; way: Way; moment: 'during' | 'after'; fault: Fault | null }

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ workflows: WORKFLOWS })
})
afterAll(() => bench.close())

describe('abort', () => {
  test(
    'at every call on the way there: everything is back, or it was refused and the run went through',
    { timeout: MATRIX_MS },
    () => onTheWayThere(everything),
  )

  test(
    'at every call on the way there to a step that has its own way back: its order is kept',
    { timeout: MATRIX_MS },
    () => onTheWayThere(handedOver),
  )

  test(
    'at every call on the way there through a handback: it is suspended again, and let go on in the end',
    { timeout: MATRIX_MS },
    () => onTheWayThere(handedBackThereAndBack),
  )

  test('again at every call on the way back: nothing is cut short', { timeout: MATRIX_MS }, () =>
    againOnTheWayBack(thereAndBack),
  )

  test('again at every call on the way back of a step that has its own', { timeout: MATRIX_MS }, () =>
    againOnTheWayBack(handedOver),
  )

  test('again at every call on the way back over a handback', { timeout: MATRIX_MS }, () =>
    againOnTheWayBack(handedBackThereAndBack),
  )

  test('again at every call on the way back of a pair', { timeout: MATRIX_MS }, () =>
    againOnTheWayBack(pairThereAndBack),
  )
})

async function onTheWayThere(runbook: typeof thereAndBack): Promise<void> {
  const clean = await bench.begin(runbook)
  const { how, snapshot, error } = await attend(clean, { trouble: 'right' })
  expect(how, error).toBe('completed')
  const cases = casesOf(spotsOf(clean.world.calls()).filter(isSteady))
  const wrong = await all(cases, snapshot, async (each) => {
    const run = await bench.begin(runbook, { prepare: (world) => void prepare(world, each) })
    const said = atCall(run, each.spot, { moment: each.moment, act: () => say(run, each.way) })
    const ending = await attend(run, { trouble: 'right' })
    keepsOrder(runbook, run, each)
    return { run, ending, isMet: await said }
  })
  expect(wrong).toEqual([])
}

/** What only a file beside the target has got leads nobody. */
function keepsOrder(runbook: typeof thereAndBack, { world }: Run, { name, fault }: Case): void {
  const isElsewhere = fault !== null && 'elsewhere' in fault
  if (runbook === handedOver && !isElsewhere) expect(outOfOrder(world), name).toBeNull()
}

async function againOnTheWayBack(runbook: typeof thereAndBack): Promise<void> {
  const clean = await bench.begin(runbook)
  await clean.gate('approval')
  const calls = clean.world.calls().length
  await clean.abort()
  expect((await attend(clean, { trouble: 'right' })).how).toBe('restored')
  const cases = casesOf(spotsOf(clean.world.calls()).slice(calls).filter(isSteady))
  const wrong = await all(cases, '{}', async (each) => {
    const run = await bench.begin(runbook, { prepare: (world) => void prepare(world, each) })
    await run.gate('approval')
    await run.abort('first')
    const said = atCall(run, each.spot, { moment: each.moment, act: () => say(run, each.way) })
    const ending = await attend(run, { trouble: 'right' })
    expect(ending.result?.reason).toMatchObject({ kind: 'abort', reason: 'first' })
    keepsOrder(runbook, run, each)
    return { run, ending, isMet: await said }
  })
  expect(wrong).toEqual([])
}

/** Each call during, in vain too, and after; writes also while their outcome is unknown. The ways of saying it take turns. */
function casesOf(spots: Spot[]): Case[] {
  const faults = (spot: Spot): (Fault | null)[] => [
    { hang: HELD_MS },
    { hang: HELD_MS, kind: 'Denied' }, // what was cancelled may still fail
    null,
    ...(spot.verb === 'write'
      ? [
          { landsLate: 150, blind: true },
          { lostReply: true, hang: HELD_MS } as const,
          { showsLate: 300, hang: HELD_MS },
          { elsewhere: 'keeps', hang: HELD_MS } as const,
          { elsewhere: 'gets', kind: 'Rejected', hang: HELD_MS } as const,
          { frozen: 300, hang: HELD_MS },
        ]
      : []),
  ]
  const cases = spots.flatMap((spot) => faults(spot).map((fault) => ({ spot, fault })))
  return cases
    .map(({ spot, fault }, at) => ({
      name: `${spot.port} ${spot.verb} ${spot.target} #${spot.nth} ${JSON.stringify(fault)} by ${ways[at % 3]}`,
      spot,
      fault,
      way: ways[at % 3] as Way,
      moment: fault === null ? ('after' as const) : ('during' as const),
    }))
    .filter(({ spot: { port, verb } }, at) => {
      const acts = verb === 'write' || port === 'notify'
      return at % (acts ? STRIDES.act : STRIDES.look) === 0
    })
}

function prepare(world: Run['world'], { spot, fault }: Case): void {
  if (fault === null) return
  const { port, verb, target, nth } = spot
  const when = { port, verb, call: nth, ...(target === 'any' ? {} : { target }) }
  world.script([{ when, fault }])
}

async function say(run: Run, way: Way): Promise<void> {
  if (way === 'signal') await run.abort()
  else if (way === 'cancel') await run.handle.cancel()
  else await run.decide({ verdict: 'abort' }).catch(() => {}) // refused: the run must then go through
}

type Played = { run: Run; ending: Ending; isMet: boolean }

async function all(
  cases: Case[],
  completed: string,
  play: (each: Case) => Promise<Played>,
): Promise<string[]> {
  const played = await bounded(cases, AT_ONCE, async (each) => {
    const result = await play(each)
    const why = wrongEnd(result.ending, { before: result.run.before, completed, isForeign: false })
    if (why !== null) process.stderr.write(`wrong: ${each.name}: ${why}\n`) // at once: the rest takes minutes
    return { each, why, ...result }
  })
  const wrong = played.flatMap(({ each, why, run, ending }) => {
    const late = run.world
      .landed()
      .slice(ending.landed)
      .map(({ target, by }) => `${target} by ${by}`)
    const problems = [
      why,
      late.length === 0 ? null : `landed after the end: ${late.join(', ')}`,
      ignored(ending),
    ]
    return problems.filter((one) => one !== null).map((one) => `${each.name}: ${one}`)
  })
  const count = (of: (one: (typeof played)[number]) => boolean) => played.filter(of).length
  console.log(
    `${played.length} aborts: restored ${count(({ ending }) => ending.how === 'restored')}, ` +
      `completed ${count(({ ending }) => ending.how === 'completed')} (past the point of no return, or too late), ` +
      `said after the end ${count(({ isMet }) => !isMet)}, wrong ${wrong.length}`,
  )
  return wrong
}

/** An abort that was accepted is carried out; a refused one says why. */
function ignored({ how, state }: Ending): string | null {
  const aborts = (state?.decisions ?? []).filter(({ verdict }) => verdict === 'abort')
  if (aborts.some(({ accepted }) => accepted) && how !== 'restored') return 'an accepted abort was ignored'
  if (aborts.some(({ accepted, why }) => !accepted && (why ?? '') === ''))
    return 'a refused abort does not say why'
  return null
}
