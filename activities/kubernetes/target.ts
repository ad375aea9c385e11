// How a target that stands in one object is written: over the look that it is based on, told from an outdated one, and looked for
// until whoever reads the object has taken it up. What the target is, and what it may lead to, is the provider's.
import { type Json, sameJson } from '../../workflows/json.ts'
import type { Io, Observed, Write } from '../../workflows/ports/target.ts'
import type { PatchOperation } from './client.ts'
import { type Stored, lookAndWrite, overtake, refuseOutdated, sendOver, tryOver } from './over.ts'
import { takenUp } from './take-up.ts'

const LOST_MAX = 2 // races for the version, before the way back is written over what the object says
const TAKE_UP_MS_MAX = 1_000 // what runs has read a change after 0.2 s; that one is late is for the next look to say

/** `L`: one look at the object and at whoever reads it. */
export interface StoredTarget<L, V extends Json> {
  /** For messages. */
  place: string
  look(target: string, io: Io): Promise<L>
  /** The look that this was told from, if it was made here. */
  behind(seen: Observed): L | undefined
  stored(here: L): Stored
  /** All but cautions. */
  seen(here: L): Observed<V>
  /** What the object itself says. */
  said(here: L): V
  /** Whether every place holds it. */
  isThere(here: L, desired: V): boolean
  isTakenUp(here: L): boolean
  /** Raises Rejected and Config for what the object cannot hold. */
  patch(here: L, desired: V): PatchOperation[]
  /** Raises for what would serve nobody. Asked on the way there, never on the way back: that must not wait. */
  refuse(here: L, wanted: { desired: V; doing: string }, io: Io): Promise<void> | void
}

/**
 * Over the look that the order came with, where that was made here: the API server takes it over exactly that version or not at all,
 * so another look before it would tell nothing more. After a refusal, and without such a look, it is looked at first.
 */
export async function writeTarget<L, V extends Json>(
  of: StoredTarget<L, V>,
  write: Write<V>,
  io: Io,
): Promise<void> {
  let known = of.behind(write.seen)
  await lookAndWrite(async (attempt) => {
    const here = known ?? (await of.look(write.target, io))
    known = undefined
    await writeOver(of, { write, here, attempt }, io)
  })
}

/** The way back without effect: the API server checks a write of what is there, and keeps nothing. In words. */
export async function tryTarget<L, V extends Json>(
  of: StoredTarget<L, V>,
  target: string,
  io: Io,
): Promise<string> {
  const here = await of.look(target, io)
  const doing = `trying to set ${target} in ${of.place} without effect`
  await tryOver(of.stored(here), { patch: of.patch(here, of.said(here)), doing }, io)
  return 'a write of what is there was tried without effect'
}

async function writeOver<L, V extends Json>(
  of: StoredTarget<L, V>,
  { write, here, attempt }: { write: Write<V>; here: L; attempt: number },
  io: Io,
): Promise<void> {
  const { target, desired, seen, before } = write
  const isWayBack = before !== undefined && sameJson(before, desired)
  const stored = of.stored(here)
  if (of.isThere(here, desired)) return await overtake(stored, of.place, io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${of.place}`
  refuseOutdated(seen, of.seen(here), doing)
  const patch = of.patch(here, desired)
  if (!isWayBack) await of.refuse(here, { desired, doing }, io)
  await sendOver(stored, { patch, doing, isOverContent: isWayBack && attempt > LOST_MAX }, io)
  const look = (each: Io): Promise<L> => of.look(target, each)
  await takenUp({ withinMs: TAKE_UP_MS_MAX, look, isThere: (now) => of.isTakenUp(now) }, io)
}
