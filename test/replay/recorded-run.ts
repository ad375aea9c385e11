// What is said of a run whose history is kept: its runbook, and what people and the world do meanwhile.
import type { World } from '../../activities/sim/world.ts'
import type { Run } from '../workflow/bench.ts'

export interface RecordedRun {
  name: string
  runbook: (names: { service: string; world: string }) => string
  prepare?: (world: World) => void
  /** What people and the world do while it runs. */
  attend(run: Run): Promise<unknown>
  /** Whose histories are kept: its own (the default), that of the expiry of its suspension, which is another workflow. */
  keeps?: ('run' | 'expiry')[]
  /** The server suggests to continue as new after so many events. */
  renewEvents?: number
}
