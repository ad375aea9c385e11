// Looks at what the run has set: whether it is still so. Rides along with the looks at guards. A backend that cannot be
// looked at is no news here, the guards judge health; only another value counts, seen twice, so that a balancer in the middle
// of a reload alarms nobody.
import type { Drift, Kept } from '../../workflows/activities.ts'
import { isExactly } from '../../workflows/ports/as-wanted.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { known, raced } from '../call.ts'
import { foundDetails } from '../change/look.ts'
import type { Asking } from './asking.ts'

const EVERY_MS_MIN = 30_000 // a backend with a rate limit hardly notices, and half a minute is soon enough for a person
const DOUBTFUL_MS_MIN = 5_000 // a guard that is not good: weights that somebody took back may be why
const AGAIN_MS = 1_000 // the second look at another value

/** Carried in the heartbeat details, beside the counters. Server time in ms since the epoch. */
export type KeptMemory = { lookedAt: number; differs: string[] }

/** Before the first look: what the run has set was read back when it was set. */
export function keptFrom(now: number): KeptMemory {
  return { lookedAt: now, differs: [] }
}

/** When another look is due; `isDoubtful`: the last look at a guard found it not good. */
export function keptDueAt({ lookedAt, differs }: KeptMemory, isDoubtful: boolean): number {
  return lookedAt + (differs.length > 0 ? AGAIN_MS : isDoubtful ? DOUBTFUL_MS_MIN : EVERY_MS_MIN)
}

/** Looks at all of them when it is time. `drift`: a value that is not ours, found by this look and by the one before. */
export async function lookAtKept(
  kept: Kept[],
  before: KeptMemory,
  { at, asking, io, isDoubtful }: { at: number; asking: Asking; io: Io; isDoubtful: boolean },
): Promise<{ memory: KeptMemory; drift: Drift | null }> {
  if (at < keptDueAt(before, isDoubtful)) return { memory: before, drift: null }
  const seen = await Promise.all(kept.map((each) => look(each, asking, io)))
  const differing = kept.flatMap((each, index) => differenceOf(each, seen[index] ?? null))
  const differs = differing.map(nameOf)
  return {
    memory: { lookedAt: at, differs },
    drift: differing.find((each) => before.differs.includes(nameOf(each))) ?? null,
  }
}

async function look({ connection, target }: Kept, asking: Asking, io: Io): Promise<Observed | null> {
  try {
    const port: Changing = asking.changingOf(connection)
    return await raced(port.observe(target, io), io.signal)
  } catch (error) {
    const failure = known(error, asking)
    if (failure.type === 'Bug') throw failure
    return null
  }
}

function differenceOf({ connection, target, value }: Kept, seen: Observed | null): Drift[] {
  if (seen === null || isExactly(seen, value)) return []
  return [{ connection: connection.name, target, ...foundDetails(seen, value) }]
}

function nameOf({ connection, target }: Drift): string {
  return `${connection} ${target}`
}
