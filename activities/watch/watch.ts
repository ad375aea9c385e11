// The watch: one look per attempt. While there is no final verdict it fails benignly with `NotYet`, so that Temporal's
// retry timer is the interval and the heartbeat details are the memory. It never loops and never sleeps.
import { Context } from '@temporalio/activity'
import type { Readings, WatchInput, WatchResult } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Asking } from './ask.ts'
import { look } from './ask.ts'
import { serverTime } from './clock.ts'
import type { Counters, WatchMemory } from './counters.ts'
import { counted, gapMsMaxOf, nameOf } from './counters.ts'
import type { Judgement } from './judge.ts'
import { isDue, judge } from './judge.ts'
import { keptFrom, lookAtKept } from './kept.ts'
import { notYet } from './not-yet.ts'

/** Looks at every subject that is due, counts, judges. Raises `NotYet` while there is no verdict. */
export async function lookOnce(input: WatchInput, asking: Asking, io: Io): Promise<WatchResult> {
  const context = Context.current()
  const startedAt = performance.now()
  const before = memoryOf(context.info.heartbeatDetails)
  const at = serverTime(context.info.currentAttemptScheduledTimestampMs, before.asked ?? null)
  const { kept = [] } = input
  const [subjects, { memory: keptMemory, drift }] = await Promise.all([
    looked(input, before, { at, asking, io }),
    lookAtKept(kept, before.kept ?? keptFrom(at), { at, asking, io, isDoubtful: isDoubtful(before) }),
  ])
  const memory: WatchMemory = { subjects, ...(kept.length > 0 && { kept: keptMemory }) }
  const judgement = judge(input, memory, at)
  if (drift !== null && judgement.kind !== 'breach')
    return { kind: 'drift', ...drift, readings: readingsOf(memory) }
  if (judgement.kind !== 'not yet') return resultOf(judgement, memory)
  const elapsedMs = performance.now() - startedAt
  const asked = { endedAt: Math.round(at + elapsedMs), dueAt: at + judgement.delayMs }
  context.heartbeat({ ...memory, asked } satisfies WatchMemory)
  throw notYet(judgement.message, judgement.delayMs - elapsedMs)
}

async function looked(
  input: WatchInput,
  before: WatchMemory,
  { at, asking, io }: { at: number; asking: Asking; io: Io },
): Promise<WatchMemory['subjects']> {
  const stamp = new Date(at).toISOString()
  const subjects = await Promise.all(
    input.subjects.map(async (subject): Promise<[string, Counters | undefined]> => {
      const name = nameOf(subject)
      const counters = before.subjects[name]
      if (!isDue(subject, counters, at)) return [name, counters]
      const reading = await look(subject, asking, { ...io, at: stamp })
      return [name, counted(counters, reading, { at, gapMsMax: gapMsMaxOf(subject) })]
    }),
  )
  return Object.fromEntries(subjects.filter((entry): entry is [string, Counters] => entry[1] !== undefined))
}

function resultOf(judgement: Exclude<Judgement, { kind: 'not yet' }>, memory: WatchMemory): WatchResult {
  const readings = readingsOf(memory)
  switch (judgement.kind) {
    case 'breach':
    case 'blind':
      return { ...judgement, evidence: (memory.subjects[judgement.subject] as Counters).last, readings }
    case 'passed':
    case 'inconclusive':
      return { ...judgement, readings }
  }
}

function isDoubtful({ subjects }: WatchMemory): boolean {
  return Object.values(subjects).some(({ last }) => last.verdict !== 'good')
}

function readingsOf({ subjects }: WatchMemory): Readings {
  return Object.fromEntries(Object.entries(subjects).map(([name, { readings }]) => [name, readings]))
}

/** Memory of earlier looks; the first attempt, or details that are not ours, start from zero. */
function memoryOf(details: unknown): WatchMemory {
  const isOurs = typeof details === 'object' && details !== null && 'subjects' in details
  return isOurs ? (details as WatchMemory) : { subjects: {} }
}
