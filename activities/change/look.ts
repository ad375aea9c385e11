// The two judgements every write shares: is the target where we last saw it, and did it end where we wanted it.
import type { Applied as Answer } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import { matches } from '../../workflows/json.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'

/** What one try comes to. `unchanged`: the target already was as desired, nothing was written. */
export type Applied = Omit<Answer, 'tries'>

export interface ApplyRequest {
  target: string
  desired: Json
  /** The last verified value; the write is refused with `Conflict` over anything else. */
  expected: Json
}

/**
 * Look, compare, write, read back: idempotent, and safe to repeat when an earlier try timed out, because it looks first.
 * Raises `Conflict` (details: found, writer) when the target is neither as desired nor as expected, and what the port raises.
 */
export async function applyTo(port: Changing, request: ApplyRequest, io: Io): Promise<Applied> {
  const seen = await port.observe(request.target, io)
  if (matches(seen.value, request.desired)) return { written: 'unchanged', readBack: 'match', observed: seen }
  if (!matches(seen.value, request.expected)) throw foreign(request.target, request.expected, seen)
  await port.write({ target: request.target, desired: request.desired, seen }, io)
  return { written: 'written', ...(await readBack(port, request, io)) }
}

export async function readBack(
  port: Changing,
  wanted: { target: string; desired: Json },
  io: Io,
): Promise<Pick<Applied, 'readBack' | 'observed'>> {
  try {
    const observed = await port.observe(wanted.target, io)
    return { readBack: matches(observed.value, wanted.desired) ? 'match' : 'differs', observed }
  } catch {
    return { readBack: 'unknown', observed: null } // the write itself was accepted; the engine looks again before it goes on
  }
}

export function foreign(target: string, expected: Json, seen: Observed): Error {
  const by = seen.writer === undefined ? 'someone else' : seen.writer
  return failure(
    'Conflict',
    `${target} was changed by ${by}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(seen.value)}`,
    { details: { found: seen.value, writer: seen.writer ?? null } },
  )
}
