// One look at a target that this run has not changed as far as it knows. Writes nothing, and never fails: what it cannot find
// out is an answer too.
import { Context } from '@temporalio/activity'
import type { RevisitInput, Revisited } from '../../workflows/activities.ts'
import { matches } from '../../workflows/json.ts'
import { heldBy, isMixOf, told } from '../../workflows/ports/as-wanted.ts'
import type { Changing, Io } from '../../workflows/ports/target.ts'
import { foundWords } from './look.ts'

const TRIES = 3 // a target that does not answer is none that this run is known to have changed

export async function revisited(
  port: Changing,
  { target, found, planned, isOpenEnded, isReset }: RevisitInput,
  io: Io,
): Promise<Revisited> {
  try {
    const seen = await port.observe(target, io)
    const held = heldBy(told(seen))
    const words = `holds ${foundWords(seen)}${seen.writer === undefined ? '' : `, written by ${seen.writer}`}`
    if (held.every((value) => matches(value, found))) return { holds: 'found', held, isReset, words }
    // Without a lost history a value like ours is a coincidence: this run has never written here.
    const isKnown = held.every((value) => isMixOf(value, [found, ...planned]))
    const isOurs = isReset && (isKnown || (isOpenEnded && seen.writtenBy !== 'person'))
    return { holds: isOurs ? 'ours' : 'foreign', held, isReset, words }
  } catch (error) {
    if (Context.current().info.attempt < TRIES) throw error
    return {
      holds: 'unknown',
      held: [],
      isReset,
      words: error instanceof Error ? error.message : String(error),
    }
  }
}
