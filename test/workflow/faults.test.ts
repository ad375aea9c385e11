// Does any failure restore the world? One run per call and kind of failure; afterwards the world is as it was, or as planned.
// A sample of both ways. CUTOVER_FAULTS=all runs the whole matrix, CUTOVER_FAULTS=<text>,<text> the
// cases whose name contains one of these; CUTOVER_PART=2/8 the second of eight parts of either, for a machine that is busy.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STRANGER, attend } from './attend.ts'
import type { Ending } from './attend.ts'
import { bounded, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { wrongEnd } from './ends.ts'
import { casesOf, isSteady, spotsOf, thinned } from './faults.ts'
import type { Case } from './faults.ts'
import { WORKFLOWS, handedOver, outOfOrder } from './handover/plans.ts'
import {
  declaredThereAndBack,
  everything,
  handedBackThereAndBack,
  pairThereAndBack,
  thereAndBack,
} from './runbooks.ts'

const AT_ONCE = Number(process.env.CUTOVER_AT_ONCE ?? 16) // mostly waiting for timers of the server
const STRIDES = { there: 47, back: 11, pair: 23, ownWay: 23, declared: 37, handedBack: 29 } // coprime with the kinds per call: each call and each kind is met
const WANTED = process.env.CUTOVER_FAULTS ?? ''
const [PART, PARTS] = (process.env.CUTOVER_PART ?? '1/1').split('/').map(Number) as [number, number]
const MATRIX_MS = 5_400_000 // the whole matrix on two cores; a sample takes minutes
const TOLD_EVERY = 100 // cases

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ workflows: WORKFLOWS })
})
afterAll(() => bench.close())

describe('one failure at one call', () => {
  test(
    'on the way there: completed, restored, or people were asked and it ended so',
    { timeout: MATRIX_MS },
    async () => {
      const clean = await bench.begin(everything)
      const completed = await attend(clean, { trouble: 'right' })
      expect(completed.how, completed.error).toBe('completed')
      const cases = chosen(casesOf(spotsOf(clean.world.calls()).filter(isSteady)), STRIDES.there)
      const play = async (each: Case) => {
        const script: { end(): void; fired(): number }[] = []
        const run = await bench.begin(everything, {
          prepare: (world) => void script.push(world.script(each.rules)),
        })
        const ending = await attend(run, { trouble: each.trouble, lift: () => script[0]?.end() })
        return { run, ending, fired: script[0]?.fired() ?? 0 }
      }
      const wrong = await all(cases, completed.snapshot, { play })
      expect(wrong).toEqual([])
    },
  )

  test('on the way back: restored, or people were asked and it ended so', { timeout: MATRIX_MS }, () =>
    onTheWayBack(thereAndBack, { stride: STRIDES.back }),
  )

  test('on the way back of a pair: the same, whichever of the two fails', { timeout: MATRIX_MS }, () =>
    onTheWayBack(pairThereAndBack, { stride: STRIDES.pair }),
  )

  test(
    'on the way back of a step that has its own: the same, and its order is kept',
    { timeout: MATRIX_MS },
    () => onTheWayBack(handedOver, { stride: STRIDES.ownWay, alsoWrong: disorder }),
  )

  test(
    'on the way back of what is declared elsewhere: the same, and nothing is put back by anybody else',
    { timeout: MATRIX_MS },
    () => onTheWayBack(declaredThereAndBack, { stride: STRIDES.declared, alsoWrong: putBack }),
  )

  test(
    'on the way back over a handback: the same, and it is let go on in the end',
    { timeout: MATRIX_MS },
    () => onTheWayBack(handedBackThereAndBack, { stride: STRIDES.handedBack }),
  )
})

async function onTheWayBack(
  runbook: typeof thereAndBack,
  {
    stride,
    alsoWrong = () => null,
  }: { stride: number; alsoWrong?: (each: Case, played: Played) => string | null },
): Promise<void> {
  const clean = await bench.begin(runbook)
  const calls = await turnBack(clean, () => {})
  const restored = await attend(clean, { trouble: 'right' })
  expect(restored.how, restored.error).toBe('restored')
  expect(restored.snapshot).toBe(clean.before)
  const cases = chosen(casesOf(spotsOf(clean.world.calls().slice(calls))), stride)
  const play = async (each: Case) => {
    const run = await bench.begin(runbook)
    const script: { end(): void; fired(): number }[] = []
    await turnBack(run, () => void script.push(run.world.script(each.rules)))
    const ending = await attend(run, { trouble: each.trouble, lift: () => script[0]?.end() })
    return { run, ending, fired: script[0]?.fired() ?? 0 }
  }
  const wrong = await all(cases, '{}', { play, alsoWrong })
  expect(wrong).toEqual([])
}

/** Strangers keep no order, and what only a file beside the target has got leads nobody. */
function disorder({ dimension }: Case, { run }: Played): string | null {
  return dimension === 'stranger' || dimension === 'several places' ? null : outOfOrder(run.world)
}

/**
 * A reconciler that goes on before everything is back would do it for the run, and take what others still rest on. What a stranger wrote
 * behind the last look it may put back: that is what it is for.
 */
function putBack(_: Case, { run }: Played): string | null {
  const landed = run.world.landed()
  const theirs = landed.filter(({ by, target }, at) => {
    const over = landed.slice(0, at).findLast((each) => each.target === target)
    return by === 'gitops' && over?.by.startsWith(STRANGER) !== true
  })
  return theirs.length === 0 ? null : `put back by gitops: ${theirs.map(({ target }) => target).join(', ')}`
}

/** How often a run looks is a matter of time too: nobody can know of a stranger's write after the very last look at a target. */
function isUnseen({ world }: Run): boolean {
  const theirs = world.landed().findLast(({ by }) => by.startsWith(STRANGER))
  if (theirs === undefined) return false
  const looks = world.calls({ port: theirs.port, target: theirs.target })
  return looks.every(({ verb, at }) => verb !== 'observe' || at < theirs.at)
}

/** Everything is changed and a person is asked: they abort. Returns the number of calls until then. */
async function turnBack(run: Run, prepare: () => void): Promise<number> {
  await run.gate('approval')
  const calls = run.world.calls().length
  prepare()
  await run.abort()
  return calls
}

function chosen(cases: Case[], stride: number): Case[] {
  return wanted(cases, stride).filter((_, index) => index % PARTS === PART - 1)
}

function wanted(cases: Case[], stride: number): Case[] {
  if (WANTED === 'all') return cases
  if (WANTED === '') return thinned(cases, stride)
  return cases.filter(({ name }) => WANTED.split(',').some((text) => name.includes(text)))
}

type Played = { run: Run; ending: Ending; fired: number }

/** Plays all cases, prints the count of every ending, returns what was wrong. */
async function all(
  cases: Case[],
  completed: string,
  {
    play,
    alsoWrong = () => null,
  }: {
    play(each: Case): Promise<Played>
    alsoWrong?(each: Case, played: Played): string | null
  },
): Promise<string[]> {
  let done = 0
  const played = await bounded(cases, AT_ONCE, async (each) => {
    const result = await play(each)
    if (++done % TOLD_EVERY === 0) process.stderr.write(`${done} of ${cases.length} played\n`)
    const why = isUnseen(result.run)
      ? null
      : (wrongEnd(result.ending, { before: result.run.before, completed, isForeign: each.isForeign }) ??
        alsoWrong(each, result))
    if (why !== null) process.stderr.write(`wrong: ${each.name}: ${why}\n`) // at once: the rest takes minutes
    return { each, why, ...result }
  })
  const wrong = played.flatMap(({ each, why, run, ending }) => {
    const late = run.world
      .landed()
      .slice(ending.landed)
      .map((write) => `${write.target} by ${write.by}`)
    const problems = [why, late.length === 0 ? null : `landed after the end: ${late.join(', ')}`]
    return problems.filter((one) => one !== null).map((one) => `${each.name}: ${one}`)
  })
  const count = (of: (one: (typeof played)[number]) => boolean) => played.filter(of).length
  const ways = ['completed', 'restored', 'completed-with-remainder', 'failed', 'hanging'] as const
  const endings = ways.map((way) => `${way} ${count(({ ending }) => ending.how === way)}`).join(', ')
  const missed = played.filter(({ fired }) => fired === 0)
  console.log(
    `${played.length} faults: ${endings}; people were asked in ${count(({ ending }) => ending.asked.length > 0)}; ` +
      `not met ${missed.length}${
        missed.length > 0
          ? ` (${missed
              .slice(0, 5)
              .map(({ each }) => each.name)
              .join('; ')})`
          : ''
      }; wrong ${wrong.length}`,
  )
  const dimensions = [...new Set(cases.map(({ dimension }) => dimension))]
  const ofEach = dimensions.map((dimension) => {
    const these = played.filter(({ each }) => each.dimension === dimension)
    const bad = these.filter(({ each }) => wrong.some((one) => one.startsWith(`${each.name}: `))).length
    return `${dimension} ${these.length}${bad === 0 ? '' : ` (wrong ${bad})`}`
  })
  console.log(`by kind: ${ofEach.join(', ')}`)
  return wrong
}
