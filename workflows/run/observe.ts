// One look at a target, named for the Temporal UI by the step that wants it.
import type { Json } from '../json.ts'
import type { Observed } from '../ports/target.ts'
import { calls } from './calls.ts'
import { isReset } from './planned-values.ts'
import type { Run } from './run.ts'
import { connectionOf, label } from './run.ts'

/** Raises what the activity failed with, and the cancellation. */
export async function observe(
  run: Run,
  { connection, target, wanted = [] }: { connection: string; target: string; wanted?: Json[] },
  how: 'look at' | 'look again at',
): Promise<Observed & { isReset?: boolean }> {
  return await calls.observe(`${label(run)} - ${how} ${connection} ${target}`, {
    connection: connectionOf(run, connection),
    target,
    isReset: isReset(run.state),
    ...(wanted.length === 0 ? {} : { wanted }),
  })
}
