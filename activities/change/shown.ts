// Whether an accepted write shows: one look per try, `NotYet` while it shows what was there before.
// How long that may take is the provider's figure `showsWithin`, and the engine's schedule-to-close.
import type { ShownInput } from '../../workflows/activities.ts'
import { matches } from '../../workflows/json.ts'
import { isAsWanted, isMixOf } from '../../workflows/ports/as-wanted.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import type { Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { notYet } from '../watch/not-yet.ts'
import { foreign, foundWords } from './look.ts'

const LOOK_AGAIN_MS = 500 // a look is one small call, and a run stands still meanwhile

/** Raises `Conflict` (details: found, writer) as soon as something shows that is neither the old value nor half the new one. */
export async function shownBy(
  port: Changing,
  { target, desired, expected, portName }: Omit<ShownInput, 'connection'> & { portName: PortName },
  io: Io,
): Promise<Observed> {
  const seen = await port.observe(target, io)
  if (isAsWanted(portName, seen, desired)) return seen
  const isOnItsWay = matches(seen.value, expected) || isMixOf(seen.value, [expected, desired])
  if (!isOnItsWay) throw foreign(target, desired, seen)
  throw notYet(`${target} was written, and still shows ${foundWords(seen)}`, LOOK_AGAIN_MS)
}
