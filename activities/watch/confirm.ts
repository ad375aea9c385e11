// Confirms the effect of a write on an independent path: one look per attempt, `NotYet` with what was seen until settled.
// How long it may take is the engine's affair (schedule-to-close).
import { Context } from '@temporalio/activity'
import type { ConfirmInput } from '../../workflows/activities.ts'
import type { JsonObject } from '../../workflows/json.ts'
import type { Changing, Confirmation, Io } from '../../workflows/ports/target.ts'
import { known, raced } from '../call.ts'
import type { Redact } from '../call.ts'
import { notYet } from './not-yet.ts'

type ConfirmMemory = { memory: JsonObject | null; lines: string[] }

const PASSING = new Set(['Unavailable', 'Throttled', 'Conflict', 'Rejected']) // the next look may succeed; the others cannot

export async function confirmOnce(
  port: Changing,
  { target, desired, options, everyMs }: ConfirmInput,
  { io, redact, deadlineMs }: { io: Io; redact: Redact; deadlineMs: number },
): Promise<Confirmation> {
  if (port.confirm === undefined)
    return { settled: true, lines: [`${target}: the provider offers no proof of the effect`] }
  const context = Context.current()
  const before = memoryOf(context.info.heartbeatDetails)
  const request = { target, desired, options, ...(before.memory === null ? {} : { memory: before.memory }) }
  try {
    const confirmation = await raced(port.confirm(request, io), io.signal)
    if (confirmation.settled) return confirmation
    context.heartbeat({
      memory: confirmation.memory ?? before.memory,
      lines: confirmation.lines,
    } satisfies ConfirmMemory)
    throw notYet(redact(confirmation.lines.join('; ')) || `${target}: not to be seen yet`, everyMs)
  } catch (error) {
    if (context.cancellationSignal.aborted) throw error
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
