// Reads a guard: asks its queries of the metrics backend and hands the answers to the judge of readings.
import type { Reading } from '../../../workflows/activities.ts'
import type { PlannedConnection, PlannedGuard } from '../../../workflows/plan.ts'
import type { MetricsPort } from '../../../workflows/ports/metrics.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { raced } from '../../call.ts'
import { type Asking, reasonOf } from '../asking.ts'
import type { Answer } from '../reading.ts'
import { readGuard } from '../reading.ts'
import { defineReader } from '../reader.ts'

export const guardReader = defineReader<'guard'>((subject, asking, io) =>
  readByQueries(subject.guard, { ...asking, connection: subject.connection }, io),
)

export async function readByQueries(
  guard: PlannedGuard,
  asking: AskingGuard,
  io: Io & { at: string },
): Promise<Reading> {
  const query = (side: string, text: string): Promise<Answer> =>
    asked(asking, text.replaceAll('$side', side), io)
  const [value, other, samples] = await Promise.all([
    query(guard.side, guard.query),
    guard.compare === undefined ? null : query(guard.compare.to, guard.query),
    guard.samples === undefined ? null : query(guard.side, guard.samples),
  ])
  return readGuard(guard, { value, other, samples }, io.at)
}

async function asked(asking: AskingGuard, query: string, io: Io): Promise<Answer> {
  try {
    const port: MetricsPort = asking.portOf(asking.connection, 'metrics')
    return await raced(port.query(query, io), io.signal)
  } catch (error) {
    return { kind: 'failed', why: reasonOf(error, asking, io) }
  }
}

type AskingGuard = Asking & { connection: PlannedConnection }
