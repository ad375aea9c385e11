// Continue-as-new: a run begins a new history when the server suggests it, between steps and also while it holds or asks.
// What is under way then is carried in the state: what a step has done, its deadlines, open questions, proofs and counters.
import {
  CancellationScope,
  allHandlersFinished,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import type { Readings, LookMemory } from '../activities.ts'
import type { Json } from '../json.ts'
import { calls } from './calls.ts'
import { keepReadings } from './evidence.ts'
import { failedWith } from './failures.ts'
import { isOf } from './journal.ts'
import { isReset } from './planned-values.ts'
import type { Run } from './run.ts'
import { checkpoint, hear, recordOf, stepOf } from './run.ts'
import type { RunState } from './state.ts'

const EVENTS_BETWEEN = 20 // a server that suggests it sooner than a hold can begin would have nothing else done

type AtEnd = RunState['atEnd'][number]

/**
 * One word of a step: a change, a hold, a question. A step is carried out anew from its first line after a renewal; what it
 * has done before is then not done again, and has the result that it had. Words are said one after the other, and one may
 * consist of others: a name that is said again is another word.
 */
export async function once<T extends Json>(run: Run, name: string, work: () => Promise<T>): Promise<T> {
  if (run.undo === null && run.state.cursor >= run.plan.steps.length) return await work() // behind the last step nothing is carried out anew
  const { done } = run.state
  const { within } = run.words
  const path = `${within}${name}`
  const time = (run.words.said[path] ?? 0) + 1
  run.words.said[path] = time
  const word = `${path}#${time}`
  if (word in done) return done[word] as T
  run.words.within = `${word}/`
  try {
    const result = await work()
    done[word] = result
    return result
  } finally {
    run.words.within = within
  }
}

/** Begins a step, or carries it out anew: after a renewal from where it was, after a failure from its beginning. */
export function beginWords(run: Run, { isAgain }: { isAgain: boolean }): void {
  run.words = { within: '', said: {} }
  if (isAgain) forgetWords(run)
}

/** What was kept for a renewal in the midst of the step that ends. */
export function forgetWords({ state }: Run): void {
  state.done = {}
  const isFirst = (each: AtEnd, index: number) =>
    state.atEnd.findIndex((other) => isOf(other, each)) === index
  state.atEnd = state.atEnd.filter(isFirst) // said again by a step that was taken up again; the first value is the one to go back to
  state.gates = state.gates.filter(({ carried }) => carried === undefined) // what was asked has settled itself meanwhile
  state.deadlines = {}
  state.waits = {}
  state.proofs = {}
  state.memories = {}
}

/** They are to be done once more. */
export function forgetWordsWithin({ state }: Run, within: string): void {
  state.done = Object.fromEntries(Object.entries(state.done).filter(([word]) => !word.startsWith(within)))
}

/** A wait that can be taken up again by a new history from its key and the state alone. */
export async function renewable(run: Run, wait: () => Promise<unknown>): Promise<null> {
  run.now.renewable += 1
  run.now.settledAt ??= workflowInfo().historyLength
  try {
    await wait()
    return null
  } finally {
    run.now.renewable -= 1
  }
}

/** Between two steps: nothing is under way but perhaps a notice, and then the next wait does it. */
export function renewBetweenSteps(run: Run): void {
  if (!workflowInfo().continueAsNewSuggested || run.now.telling > 0) return
  run.now.renewing = true
  checkpoint(run)
}

/** Carries out `body`; ends it when a new history is due and what waits in it can be taken up again. */
export async function renewing(run: Run, body: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope({ cancellable: true })
  const due = scope
    .run(() => untilDue(run))
    .then(
      () => cut(run),
      (error: unknown) => {
        if (!isCancellation(error)) throw error // cancelled: going forward has ended by itself
      },
    )
  try {
    await body()
  } finally {
    scope.cancel()
    await due
  }
}

async function untilDue(run: Run): Promise<void> {
  for (;;) {
    await condition(() => isDue(run))
    const memories = await recalled(run)
    if (!isDue(run)) continue // something has happened meanwhile that must be seen through
    run.state.memories = {}
    for (const [name, memory] of Object.entries(memories)) takeUp(run, name, memory)
    return
  }
}

/** A notice on its way would be lost with its history, as would a change that looks have to follow; an abort goes before everything. */
function isDue({ now: { renewable: waits, telling, adjusting, settledAt }, state }: Run): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  const isReady = waits > 0 && telling + adjusting === 0 && state.reason === null
  return isReady && continueAsNewSuggested && historyLength >= (settledAt ?? 0) + EVENTS_BETWEEN
}

function cut(run: Run): void {
  carryGates(run)
  run.now.forwardScope?.cancel()
}

function carryGates(run: Run): void {
  run.now.renewing = true
  for (const gate of run.state.gates) gate.carried ??= run.askedAs[gate.id] ?? gate.id
}

/** What the looks under way have counted: the server keeps it for their next attempts, and forgets it with this history. */
export async function recalled(run: Run): Promise<Run['state']['memories']> {
  try {
    const { workflowId, runId } = workflowInfo()
    return await calls.recall({ workflowId, runId })
  } catch (error) {
    if (run.state.reason === null)
      hear(run, `rows of checks begin anew: what was counted could not be read: ${failedWith(error).message}`)
    return {}
  }
}

/** For the next look of that name; the newest readings stay with the step. */
export function takeUp(run: Run, name: string, memory: LookMemory): void {
  const { subjects = {} } = memory
  const readings = Object.entries(subjects).map(([subject, { earlier, last }]) => [
    subject,
    [...earlier, last],
  ])
  keepReadings(run.state, recordOf(run, stepOf(run)), Object.fromEntries(readings) as Readings)
  run.state.memories[name] = memory
}

/**
 * Carries out the way back; null when a new history is due. Nothing is cut there but questions, the tries beside them, waits of a
 * step's own way back, and those that follow from what is restored already: the new history goes on with what is not.
 */
export async function renewingBack<T>(run: Run, back: () => Promise<T>): Promise<T | null> {
  const scope = new CancellationScope({ cancellable: true })
  const watching = new CancellationScope({ cancellable: true })
  const due = watching
    .run(() => condition(() => isDueBack(run)))
    .then(
      () => {
        carryGates(run)
        scope.cancel()
      },
      (error: unknown) => {
        if (!isCancellation(error)) throw error // cancelled: it has ended by itself
      },
    )
  try {
    const end = await scope.run(back)
    run.now.renewing = false
    return end
  } catch (error) {
    if (!isRenewal(run, error)) throw error
    await condition(() => run.tries.alone + run.tries.beside === 0 && allHandlersFinished()) // what they restored counts
    carryGates(run) // one may have been asked once more in the last moment
    keepReset(run)
    return null
  } finally {
    watching.cancel()
    await due
  }
}

/** Only while a person is asked, or a step's own way back waits: else it is a matter of seconds, and goes before everything. */
function isDueBack({ tries, now: { renewable: waits, telling, settledAt }, state }: Run): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  const isReady = (state.gates.length > 0 || waits > 0) && tries.alone === 0 && telling === 0
  return isReady && continueAsNewSuggested && historyLength >= (settledAt ?? 0) + EVENTS_BETWEEN
}

/** True when everything is in the state that a new history needs; false when an abort came in the last moment. */
export async function isCarried(run: Run): Promise<boolean> {
  if (!run.now.renewing) return false
  await condition(allHandlersFinished)
  if (run.state.reason === null) {
    keepReset(run)
    return true
  }
  run.now.renewing = false
  run.state.gates = [] // nobody waits at them any more
  return false
}

/** The server says it of one history alone. */
function keepReset({ state }: Run): void {
  if (isReset(state)) state.wasReset = true
}

export function isRenewal(run: Run, error: unknown): boolean {
  return run.now.renewing && isCancellation(error)
}
