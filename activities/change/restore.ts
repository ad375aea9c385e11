// Going back, one target: look, and put back what was there before, but never over somebody else's value.
import type { RestoreInput, Restored as Answer } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import { matches } from '../../workflows/json.ts'
import { heldBy, isExactly, isMixOf, mayOverwrite, told } from '../../workflows/ports/as-wanted.ts'
import { changingFacts } from '../../workflows/ports/facts.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { Moved, foundDetails, foundWords, readBack, write } from './look.ts'

/** What one try comes to. */
export type Restored = Omit<Answer, 'tries'>

export type RestoreRequest = Omit<RestoreInput, 'connection'> & { portName: PortName }

/**
 * Safe to repeat at any point: every try looks first. A target is back when every place in which it lives is. Raises `Conflict`
 * (details: found, writer) over a foreign value, `Unavailable` when the write does not show yet (details: accepted), and what
 * the port raises.
 */
export async function restoreTo(port: Changing, request: RestoreRequest, io: Io): Promise<Restored> {
  const { target, isUncertain } = request
  const seen = await port.observe(target, io)
  const before = wantedBack(request, seen)
  // A write that may still land or still show is not undone by a look that does not show it: `before` is ordered after it.
  if (isExactly(seen, before) && !isUncertain) return { written: 'unchanged', observed: seen }
  const theirs = heldBy(told(seen)).find((value) => !isOurs(value, request))
  if (theirs !== undefined && !mayOverwrite(request.portName, seen)) throw foreignTo(request, seen)
  await write(port, { target, desired: before, seen, before }, io).catch((error: unknown) => {
    throw error instanceof Moved ? error.cause : error // the next try looks and tells apart
  })
  const { observed } = await readBack(port, { target, desired: before }, io)
  if (observed !== null && isExactly(observed, before)) return { written: 'written', observed }
  const found = observed === null ? 'it could not be read back' : `it reads ${foundWords(observed)}`
  throw failure('Unavailable', `${target} was written back to ${JSON.stringify(before)}, but ${found}`, {
    details: { accepted: true, found: observed?.value ?? null },
  })
}

function wantedBack({ portName, target, before }: RestoreRequest, { value: now }: Observed): Json {
  return changingFacts(portName)?.back?.({ target, before, now }) ?? before
}

function isOurs(value: Json, { before, ours, halves, isRepeated }: RestoreRequest): boolean {
  if ([before, ...ours].some((one) => matches(value, one))) return true
  if (halves.some((half) => isMixOf(value, isRepeated ? [before, ...half] : half))) return true
  return isRepeated && ours.some((one) => isMixOf(value, [before, one]))
}

function foreignTo({ target, before }: RestoreRequest, seen: Observed): Error {
  return failure(
    'Conflict',
    `${target} was changed by ${seen.writer ?? 'someone else'}: found ${foundWords(seen)}, which this run did not set`,
    { details: foundDetails(seen, before) },
  )
}
