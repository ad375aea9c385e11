// The watch: one look per attempt. While there is no final verdict it fails benignly with `NotYet`, so that Temporal's
// retry timer is the interval and the heartbeat details are the memory. It never loops and never sleeps.
import { Context } from '@temporalio/activity'
import type { Info } from '@temporalio/activity'
import type { WatchInput, WatchResult } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Asking } from './asking.ts'
import { serverTime } from './clock.ts'
import type { Counters, WatchMemory } from './counters.ts'
import { counted, gapMsMaxOf } from './counters.ts'
import type { Judgement } from './judge.ts'
import { isDue, judge } from './judge.ts'
import { beginOwnValues, checkOwnValues } from './own-values.ts'
import { notYet } from './not-yet.ts'
import { readSubject } from './read-subject.ts'
import type { ReadingsStore } from './readings.ts'

/** `readings`: what this worker keeps of its watches for their results. */
export type Watching = Asking & { readings: ReadingsStore }

const BLIND_READINGS = 3 // how it went

/** Looks at every subject that is due, counts, judges. Raises `NotYet` while there is no verdict. */
export async function watchAttempt(input: WatchInput, watching: Watching, io: Io): Promise<WatchResult> {
  const { readings, ...asking } = watching
  const context = Context.current()
  const startedAt = performance.now()
  const before = memoryOf(context.info.heartbeatDetails ?? input.memory)
  const at = serverTime(context.info.currentAttemptScheduledTimestampMs, before.asked ?? null)
  const { ownValues = [] } = input
  const [subjects, { memory: ownValuesMemory, drift }] = await Promise.all([
    readDue(input, before, { at, asking, io }),
    checkOwnValues(ownValues, before.ownValues ?? beginOwnValues(at), {
      at,
      asking,
      io,
      isDoubtful: isDoubtful(before),
    }),
  ])
  const memory: WatchMemory = { subjects, ...(ownValues.length > 0 && { ownValues: ownValuesMemory }) }
  const name = watchName(context.info)
  const judgement = judge(input, memory, at)
  if (drift !== null && judgement.kind !== 'breach')
    return { kind: 'drift', ...drift, readings: readings.take(name, subjects) }
  if (judgement.kind !== 'not yet') return resultOf(judgement, memory, readings.take(name, subjects))
  readings.add(name, subjects)
  const elapsedMs = performance.now() - startedAt
  const asked = { endedAt: Math.round(at + elapsedMs), dueAt: at + judgement.delayMs }
  context.heartbeat({ ...memory, asked, ...named(input) } satisfies WatchMemory & Pick<WatchInput, 'name'>)
  throw notYet(judgement.message, judgement.delayMs - elapsedMs)
}

async function readDue(
  input: WatchInput,
  before: WatchMemory,
  { at, asking, io }: { at: number; asking: Asking; io: Io },
): Promise<WatchMemory['subjects']> {
  const stamp = new Date(at).toISOString()
  const subjects = await Promise.all(
    input.subjects.map(async (subject): Promise<[string, Counters | undefined]> => {
      const { name } = subject
      const counters = before.subjects[name]
      if (!isDue(subject, counters, at)) return [name, counters]
      const reading = await readSubject(subject, asking, { ...io, at: stamp })
      return [name, counted(counters, reading, { at, gapMsMax: gapMsMaxOf(subject) })]
    }),
  )
  return Object.fromEntries(subjects.filter((entry): entry is [string, Counters] => entry[1] !== undefined))
}

function resultOf(
  judgement: Exclude<Judgement, { kind: 'not yet' }>,
  memory: WatchMemory,
  readings: WatchResult['readings'],
): WatchResult {
  switch (judgement.kind) {
    case 'breach':
      return { ...judgement, evidence: (memory.subjects[judgement.subject] as Counters).last, readings }
    case 'blind': // it may come and go for weeks, and each time is kept in the history of the run
      return {
        ...judgement,
        evidence: (memory.subjects[judgement.subject] as Counters).last,
        readings: Object.fromEntries(
          Object.entries(readings).map(([name, all]) => [name, all.slice(-BLIND_READINGS)]),
        ),
      }
    case 'passed':
    case 'inconclusive':
      return { ...judgement, readings }
  }
}

function isDoubtful({ subjects }: WatchMemory): boolean {
  return Object.values(subjects).some(({ last }) => last.verdict !== 'good')
}

/** The same for every attempt of one watch, and for no other watch. */
function watchName({ activityId, workflowExecution }: Info): string {
  return `${workflowExecution?.runId ?? ''} ${activityId}`
}

/** A look that goes on in a new history of its run is found by its name. */
function named({ name }: WatchInput): Pick<WatchInput, 'name'> {
  return name === undefined ? {} : { name }
}

/** Memory of earlier looks; the first attempt, or details that are not ours, start from zero. */
function memoryOf(details: unknown): WatchMemory {
  const isOurs = typeof details === 'object' && details !== null && 'subjects' in details
  return isOurs ? (details as WatchMemory) : { subjects: {} }
}
