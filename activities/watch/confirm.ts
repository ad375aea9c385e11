// Confirms the effect of a write on an independent path: one look per attempt, `NotYet` with what was seen until settled.
// How long it may take is the engine's affair (schedule-to-close).
import { Context } from '@temporalio/activity'
import type { ConfirmInput } from '../../workflows/activities.ts'
import type { JsonObject } from '../../workflows/json.ts'
import type { Changing, Confirmation, Io } from '../../workflows/ports/target.ts'
import { isAsWanted, mayOverwrite, told } from '../../workflows/ports/as-wanted.ts'
import { known, raced } from '../call.ts'
import type { Redact } from '../call.ts'
import { foreign } from '../change/look.ts'
import { notYet } from './not-yet.ts'

type ConfirmMemory = { memory: JsonObject | null; lines: string[] }

const PASSING = new Set(['Unavailable', 'Throttled', 'Conflict', 'Rejected']) // the next look may succeed; the others cannot

export async function confirmOnce(
  port: Changing,
  { connection, target, desired, options, everyMs, name, memory }: ConfirmInput,
  { io, redact, deadlineMs }: { io: Io; redact: Redact; deadlineMs: number },
): Promise<Confirmation> {
  if (port.confirm === undefined)
    return { settled: true, lines: [`${target}: the provider offers no proof of the effect`] }
  const context = Context.current()
  const before = { ...memoryOf(context.info.heartbeatDetails ?? memory), ...(name !== undefined && { name }) }
  let drift: Error | null = null
  const request = { target, desired, options, ...(before.memory === null ? {} : { memory: before.memory }) }
  try {
    const confirmation = await raced(port.confirm(request, io), io.signal)
    if (confirmation.settled) return confirmation
    context.heartbeat({
      ...before,
      memory: confirmation.memory ?? before.memory,
      lines: confirmation.lines.map(redact), // a time-out tells them
    } satisfies ConfirmMemory)
    // An effect that does not show may be a slow one, or somebody else's value: a person must hear of that at once.
    const seen = await raced(port.observe(target, io), io.signal)
    const isTheirs = !isAsWanted(connection.port, told(seen), desired) && !mayOverwrite(connection.port, seen)
    if (isTheirs) throw (drift = foreign(target, desired, seen))
    throw notYet(redact(confirmation.lines.join('; ')) || `${target}: not to be seen yet`, everyMs)
  } catch (error) {
    if (context.cancellationSignal.aborted || error === drift) throw error
    const failure = known(error, { redact, deadlineMs })
    if (failure.type === null || failure.type === undefined || !PASSING.has(failure.type)) throw failure
    context.heartbeat(before) // an attempt without a heartbeat would lose the first counters
    throw notYet(`${target}: ${failure.message}`, everyMs)
  }
}

function memoryOf(details: unknown): ConfirmMemory {
  const isOurs = typeof details === 'object' && details !== null && 'lines' in details
  return isOurs ? (details as ConfirmMemory) : { memory: null, lines: [] }
}
