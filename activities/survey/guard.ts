// Asks every query of a guard once. No data is no failure: of a side that nobody is served by there is none yet.
import type { MetricsPort } from '../../workflows/ports/metrics.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Trial, TrialAnswer } from '../../workflows/trial.ts'
import type { Answer } from '../watch/reading.ts'
import { readGuard } from '../watch/reading.ts'

/** Raises what the backend says of a query that cannot work. */
export async function tryGuard(
  { guard, isProof }: Extract<Trial, { what: 'guard' }>,
  port: MetricsPort,
  io: Io,
): Promise<TrialAnswer> {
  const ask = (side: string, query: string): Promise<Answer> =>
    port.query(query.replaceAll('$side', side), io)
  const [value, other, samples] = await Promise.all([
    ask(guard.side, guard.query),
    guard.compare === undefined ? null : ask(guard.compare.to, guard.query),
    guard.samples === undefined ? null : ask(guard.side, guard.samples),
  ])
  const { verdict, text } = readGuard(guard, { value, other, samples }, '')
  if (verdict === 'good') return { text, notes: [] }
  if (verdict === 'bad') return { text, notes: isProof ? [] : [`bad now: ${text}`] } // not idle yet is what one expects
  return { text, notes: [text] }
}
