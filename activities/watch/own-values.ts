// Checks whether the values that the run has set are still there, beside the looks at guards. Only another value counts, and only
// when two looks in a row find it: a balancer in the middle of a reload alarms nobody. A backend that does not answer is ignored
// here, because the guards judge health.
import type { Drift, OwnValue } from '../../workflows/activities.ts'
import { isExactly, told } from '../../workflows/ports/as-wanted.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { known, raced } from '../call.ts'
import { foundDetails } from '../change/look.ts'
import type { Asking } from './asking.ts'

const EVERY_MS_MIN = 30_000 // a backend with a rate limit hardly notices, and half a minute is soon enough for a person
const DOUBTFUL_MS_MIN = 5_000 // a guard that is not good: weights that somebody took back may be why
const AGAIN_MS = 1_000 // the second look at another value

/** Carried in the heartbeat details, beside the counters. Server time in ms since the epoch. */
export type OwnValuesMemory = { lookedAt: number; differs: string[] }

/** Before the first look: what the run has set was read back when it was set. */
export function beginOwnValues(now: number): OwnValuesMemory {
  return { lookedAt: now, differs: [] }
}

/** When another look is due; `isDoubtful`: the last look at a guard found it not good. */
export function ownValuesDueAt({ lookedAt, differs }: OwnValuesMemory, isDoubtful: boolean): number {
  return lookedAt + (differs.length > 0 ? AGAIN_MS : isDoubtful ? DOUBTFUL_MS_MIN : EVERY_MS_MIN)
}

/** Looks at all of them when it is time. `drift`: a value that is not ours, found by this look and by the one before. */
export async function checkOwnValues(
  kept: OwnValue[],
  before: OwnValuesMemory,
  { at, asking, io, isDoubtful }: { at: number; asking: Asking; io: Io; isDoubtful: boolean },
): Promise<{ memory: OwnValuesMemory; drift: Drift | null }> {
  if (at < ownValuesDueAt(before, isDoubtful)) return { memory: before, drift: null }
  const seen = await Promise.all(kept.map((each) => observeOwn(each, asking, io)))
  const differing = kept.flatMap((each, index) => differenceOf(each, seen[index] ?? null))
  const differs = differing.map(nameOf)
  return {
    memory: { lookedAt: at, differs },
    drift: differing.find((each) => before.differs.includes(nameOf(each))) ?? null,
  }
}

async function observeOwn(
  { connection, target }: OwnValue,
  asking: Asking,
  io: Io,
): Promise<Observed | null> {
  try {
    const port: Changing = asking.changingOf(connection)
    return await raced(port.observe(target, io), io.signal)
  } catch (error) {
    const failure = known(error, asking)
    if (failure.type === 'Bug') throw failure
    return null
  }
}

function differenceOf({ connection, target, value }: OwnValue, seen: Observed | null): Drift[] {
  if (seen === null || isExactly(told(seen), value)) return []
  return [{ connection: connection.name, target, ...foundDetails(seen, value) }]
}

function nameOf({ connection, target }: Drift): string {
  return `${connection} ${target}`
}
