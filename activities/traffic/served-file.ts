// What providers share whose target stands in a file that a balancer takes up by itself: a write over an outdated look is refused, and
// a write returns when what it wrote is served, or when it may be so later.
import type { Json } from '../../workflows/json.ts'
import { matches } from '../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { changedSince } from './versions.ts'
import { FileChanged } from './whole-file.ts'

const TRIES_MAX = 3 // a generator that rewrites the file beside our target at the same moment is let through

export interface Outdated {
  doing: string
  /** What changed, in the balancer's word: `the route`. */
  what: string
  seen: Observed
  now: { value: Json; version: string; elsewhere: Elsewhere | null }
  /** Said of another place: `, which Envoy does not serve yet`. */
  late?: string
  file?: string
}

/** Somebody's change beside our target is no conflict; one of our target is, and it is told where it was found. */
export function refuseOutdated({ doing, what, seen, now, late = '', file = 'the file' }: Outdated): void {
  if (seen.version === undefined) return
  const changed = changedSince(seen.version, now.version)
  if (changed.own) {
    const other = matches(now.value, seen.value) ? now.elsewhere : null
    const found = other === null ? now.value : other.value
    const where = other === null ? '' : ` in the ${other.place}${late}`
    throw failure(
      'Conflict',
      `${doing}: ${what} was changed by someone else since; found ${JSON.stringify(found)}${where}`,
      { details: { found, writer: null } },
    )
  }
  // Nothing differs but the version: perhaps it was changed and changed back, perhaps this write was overtaken by its own undo.
  if (changed.version && !changed.beside)
    throw failure('Unavailable', `${doing}: ${file} was written since, with the same content; looking again`)
}

/** Tries `write` again over a file that somebody else has just written. `doing`: `setting split in FILE`. */
export async function overChanges(doing: string, write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error
      // Whether that was our target is seen by looking again: the next try tells a conflict, and says what it found.
      if (attempt === TRIES_MAX) throw failure('Unavailable', `${doing}: ${error.message}, again and again`)
    }
  }
}

/** What does not show in time is no failure: the engine goes on looking for as long as `showsWithin`. */
export async function untilServed(
  isServed: (io: Io) => Promise<boolean>,
  { withinMs, everyMs }: { withinMs: number; everyMs: number },
  io: Io,
): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(withinMs)])
  while (!signal.aborted) {
    try {
      if (await isServed({ signal })) return
    } catch {
      // It cannot be asked, or the time is over in the middle of a question: what was written is in place all the same.
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
