// Going back, one target: look, and put back what was there before, but never over somebody else's value.
import type { RestoreInput, Restored } from '../../workflows/activities.ts'
import { matches } from '../../workflows/json.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { failure, kindOf } from '../failure.ts'
import { readBack } from './look.ts'

/**
 * Safe to repeat at any point: every try looks first. Raises `Conflict` (details: found, writer) over a foreign value,
 * `Unavailable` when the write cannot be seen yet, and what the port raises.
 */
export async function restoreTo(
  port: Changing,
  { target, before, ours }: Pick<RestoreInput, 'target' | 'before' | 'ours'>,
  io: Io,
): Promise<Restored> {
  const seen = await port.observe(target, io)
  if (matches(seen.value, before)) return { written: 'unchanged', observed: seen }
  if (!ours.some((value) => matches(seen.value, value))) throw foreignTo(target, seen)
  await write(port, { target, desired: before, seen }, io)
  const back = await readBack(port, { target, desired: before }, io)
  if (back.readBack === 'match' && back.observed !== null)
    return { written: 'written', observed: back.observed }
  const found =
    back.observed === null ? 'it could not be read back' : `it reads ${JSON.stringify(back.observed.value)}`
  throw failure('Unavailable', `${target} was written back to ${JSON.stringify(before)}, but ${found}`)
}

async function write(port: Changing, request: Parameters<Changing['write']>[0], io: Io): Promise<void> {
  try {
    await port.write(request, io)
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    // It moved between our look and our write: perhaps a late write of our own. The next try looks and tells them apart.
    throw failure('Unavailable', `${request.target} changed while it was being restored; looking again`, {
      cause: error,
    })
  }
}

function foreignTo(target: string, seen: Observed): Error {
  const by = seen.writer ?? 'someone else'
  return failure(
    'Conflict',
    `${target} was changed by ${by}: found ${JSON.stringify(seen.value)}, which this run did not set`,
    {
      details: { found: seen.value, writer: seen.writer ?? null },
    },
  )
}
