// The two judgements every write shares: is the target where we last saw it, and did it end where we wanted it.
import type { Applied as Answer } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import { matches } from '../../workflows/json.ts'
import {
  heldBy,
  isAsWanted,
  isMixOf,
  mayOverwrite,
  placeWords,
  told,
} from '../../workflows/ports/as-wanted.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import type { Changing, Io, Observed, Write } from '../../workflows/ports/target.ts'
import { failure, kindOf } from '../failure.ts'

/** What one try comes to. `unchanged`: the target already was as desired, nothing was written. */
export type Applied = Omit<Answer, 'tries'>

export interface ApplyRequest {
  target: string
  desired: Json
  /** The last verified value; the write is refused with `Conflict` over anything else. */
  expected: Json
  /** What the run found first; a write may need it to know what `desired` leaves open. */
  before?: Json
  /** Values that this run may have left in another place of the target. */
  ours?: Json[]
  /** Further values that may stand there: what was there before, what a person let stand, what a lost history may have left. */
  known?: Json[]
  /** Decides whether more than was ordered is as ordered. Left out: exactly as desired. */
  portName?: PortName
  /** An earlier try may have written: a value that is half the expected and half the desired one is then ours. */
  isRepeated?: boolean
}

/**
 * Look, compare, write, read back: idempotent, and safe to repeat when an earlier try timed out, because it looks first.
 * Raises `Conflict` (details: found, writer) when the target is neither as desired nor as expected, and what the port raises.
 */
export async function applyTo(port: Changing, request: ApplyRequest, io: Io): Promise<Applied> {
  const { target, desired, before, portName = 'traffic' } = request
  for (let look = 1; ; look++) {
    const seen = await port.observe(target, io)
    if (isAsWanted(portName, seen, desired))
      return { written: 'unchanged', readBack: 'match', observed: seen }
    if (!isOursToChange(seen, { ...request, portName })) throw foreign(target, request.expected, seen)
    try {
      await write(port, { target, desired, seen, ...(before === undefined ? {} : { before }) }, io)
    } catch (error) {
      // A lost race is looked at again before anybody is asked: perhaps only something beside our target has changed.
      if (look === 1 && error instanceof Moved) continue
      throw error instanceof Moved ? error.cause : error
    }
    return { written: 'written', ...(await readBack(port, { target, desired, portName }, io)) }
  }
}

function isOursToChange(seen: Observed, request: ApplyRequest & { portName: PortName }): boolean {
  const { expected, desired, ours = [], known = [], portName, isRepeated = false } = request
  if (mayOverwrite(portName, seen)) return true
  const isKnown = (value: Json) =>
    [expected, desired, ...known].some((one) => matches(value, one)) ||
    (isRepeated && isMixOf(value, [expected, desired]))
  const [value, ...elsewhere] = heldBy(told(seen)) as [Json, ...Json[]]
  return (
    isKnown(value) && elsewhere.every((other) => isKnown(other) || ours.some((one) => matches(other, one)))
  )
}

/** A target moved between look and write. The cause is what becomes of it when it happens again: `Unavailable`, tried anew. */
export class Moved extends Error {}

/** A write over one look. Raises `Moved` where the backend says that the look is outdated. */
export async function write(port: Changing, request: Write, io: Io): Promise<void> {
  try {
    io.writes?.()
    await port.write(request, io)
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    const words = error instanceof Error ? error.message : String(error)
    const cause = failure(
      'Unavailable',
      `${request.target} moved while it was written: ${words}; looking again`,
      { cause: error },
    )
    throw new Moved(cause.message, { cause })
  }
}

export async function readBack(
  port: Changing,
  wanted: { target: string; desired: Json; portName?: PortName },
  io: Io,
): Promise<Pick<Applied, 'readBack' | 'observed'>> {
  const { target, desired, portName = 'traffic' } = wanted
  try {
    const observed = await port.observe(target, io)
    return { readBack: isAsWanted(portName, observed, desired) ? 'match' : 'differs', observed }
  } catch {
    return { readBack: 'unknown', observed: null } // the write itself was accepted; the engine looks again before it goes on
  }
}

export function foreign(target: string, expected: Json, seen: Observed): Error {
  return failure(
    'Conflict',
    `${target} was changed by ${seen.writer ?? 'someone else'}: expected ${JSON.stringify(expected)}, found ${foundWords(seen)}`,
    { details: foundDetails(seen, expected) },
  )
}

/** `{"old":70,"new":30}; route file /etc/envoy/routes.json holds {"old":95,"new":5}`. */
export function foundWords({ value, elsewhere = [] }: Observed): string {
  return [
    JSON.stringify(value),
    ...elsewhere.map((other) => placeWords(other, JSON.stringify(other.value))),
  ].join('; ')
}

/** What the engine reads of a Conflict: the value that is not the expected one, in whichever place it stands. */
export function foundDetails(seen: Observed, expected: Json): { found: Json; writer: string | null } {
  const found = heldBy(told(seen)).find((value) => !matches(value, expected)) ?? seen.value
  return { found, writer: seen.writer ?? null }
}
