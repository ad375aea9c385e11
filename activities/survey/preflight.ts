// Looks once whether a place is fit for users: what stands in the way is a problem, everything else that was found a note.
import { type PreflightPort, findingWords, isAccepted, refusalsIn } from '../../workflows/ports/preflight.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Trial, TrialAnswer } from '../../workflows/trial.ts'
import { failure } from '../failure.ts'

/** Raises `Rejected` where nothing will come before the step that could change it, and what the port raises. */
export async function tryPreflight(
  { demand, accepted, isFirst }: Extract<Trial, { what: 'preflight' }>,
  port: PreflightPort,
  io: Io,
): Promise<TrialAnswer> {
  const examination = await port.examine(demand, io)
  const refusals = refusalsIn(examination, accepted)
  const { findings, fine } = examination
  if (refusals.length > 0 && isFirst) throw failure('Rejected', refusals.map(findingWords).join(' / '))
  return {
    text: fine.join('; '),
    notes: findings.map((finding) => {
      if (refusals.includes(finding)) return `not fit now: ${findingWords(finding)}`
      const why = finding.level === 'refuse' ? accepted[finding.check] : undefined
      const heading = why !== undefined && isAccepted(finding, accepted) ? `accepted (${why})` : 'caution'
      return `${heading}: ${findingWords(finding)}`
    }),
  }
}
