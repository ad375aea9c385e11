// Acting at an exact call of a run: while it is under way, or right after it. The world tells; nothing is guessed from time.
import type { Run } from './bench.ts'
import type { Spot } from './faults.ts'

const LOOK_MS = 5 // finer than the shortest time between two calls, one workflow task

/** Acts once the call is there, unless the run ends first. Returns whether it acted. */
export async function atCall(
  run: Run,
  spot: Spot,
  { moment, act }: { moment: 'during' | 'after'; act(): Promise<void> | void },
): Promise<boolean> {
  const over = { is: false }
  const end = () => void (over.is = true)
  run.handle.result().then(end, end)
  while (!over.is) {
    const of = spot.target === 'any' ? { port: spot.port, verb: spot.verb } : spot
    const call = run.world.calls({
      port: of.port,
      verb: of.verb,
      ...('target' in of ? { target: of.target } : {}),
    })[spot.nth - 1]
    if (call !== undefined && (moment === 'during' || call.outcome !== 'open')) {
      await act()
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}
