// After a write that was accepted: looks until whoever acts on it has. That it is late is for the next look of the run to say, so
// this raises nothing, and ends in time.
import type { Io } from '../../workflows/ports/target.ts'

const LOOK_MS = 50 // a controller that runs has mostly acted within 0.2 s

export interface TakeUp<L> {
  withinMs: number
  look(io: Io): Promise<L>
  isThere(here: L): boolean
  /** Sends again what may have been lost, after every so many looks that do not show it. */
  again?: { everyLooks: number; send(here: L, io: Io): Promise<void> }
}

export async function takenUp<L>({ withinMs, look, isThere, again }: TakeUp<L>, io: Io): Promise<void> {
  const of = { signal: AbortSignal.any([io.signal, AbortSignal.timeout(withinMs)]) }
  for (let looks = 1; !of.signal.aborted; looks++) {
    const here = await look(of).catch(() => null)
    if (here !== null && isThere(here)) return
    if (here !== null && again !== undefined && looks % again.everyLooks === 0)
      await again.send(here, of).catch(() => {}) // it was accepted once; the next look of the run tells
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
