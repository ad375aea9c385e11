// The order that makes a new version the stable one, given to a controller by its object: never twice, only over the look that it is based
// on, and never taken back. What is promoted, and when it may be, is the provider's.
import type { Elsewhere, Io, Observed, Write } from '../../workflows/ports/target.ts'
import type { Stable } from '../../workflows/ports/traffic.ts'
import { failure } from '../failure.ts'
import type { Amiss } from '../traffic/promotable.ts'
import type { PatchOperation } from './client.ts'
import { type Stored, overtake, refuseOutdated, sendOver } from './over.ts'
import { takenUp } from './take-up.ts'

/** While a promotion is ordered or under way, the other value stands elsewhere. */
export interface Promoting {
  value: Stable
  elsewhere: Elsewhere[]
}

/** `L`: one look at what is promoted. */
export interface Promotion<L> {
  /** For messages. */
  place: string
  look(io: Io): Promise<L>
  promoting(here: L): Promoting
  seen(here: L): Observed<Stable>
  stored(here: L): Stored
  /** Why it cannot be promoted as it stands; null: it can. */
  amiss(here: L, io: Io): Promise<Amiss | null> | Amiss | null
  order(here: L): { path: string; patch: PatchOperation[] }
  /** Why no abort leads back once it is ordered, in words. */
  isFinal: string
  /** Until when it is looked for, and what is enough. */
  takeUp: { withinMs: number; isThere(now: Promoting): boolean }
}

/** Raises Rejected for the way back from a promotion, and as `amiss` says. */
export async function writeStable<L>(
  of: Promotion<L>,
  { desired, seen }: Write<Stable>,
  io: Io,
): Promise<void> {
  const here = await of.look(io)
  const { value, elsewhere } = of.promoting(here)
  const isOrdered = elsewhere.length > 0 || value.stable === 'new'
  const stored = of.stored(here)
  if (desired.stable === 'old') {
    if (!isOrdered) return await overtake(stored, of.place, io)
    throw failure('Rejected', `${of.place}: ${of.isFinal}`)
  }
  if (isOrdered) return // it stands, or is done: the next look tells
  const doing = `promoting ${of.place}`
  refuseOutdated(seen, of.seen(here), doing)
  const amiss = await of.amiss(here, io)
  if (amiss !== null) throw failure(amiss.kind, `${doing}: ${amiss.why}`)
  const { path, patch } = of.order(here)
  await sendOver({ ...stored, path }, { patch, doing }, io)
  const { withinMs, isThere } = of.takeUp
  await takenUp({ withinMs, look: of.look, isThere: (now) => isThere(of.promoting(now)) }, io)
}
