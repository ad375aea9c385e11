// What the server knows of activities under way: readings of a watch from its heartbeat, calls that are being retried. Pure.
import type { Reading, Verdict } from '../workflows/activities.ts'
import type { JobView, ProofView, RetryView } from './model.ts'

/** One pending activity, decoded. */
export type PendingActivity = {
  type: string
  attempt: number
  heartbeat: unknown
  problem: string | null
  nextAt: string | null
}

/** What a watch keeps of one subject from look to look. */
export type SubjectState = { last: Reading | null; badInRow: number; goodInRow: number }

/** Newest readings of all watches under way, by subject. */
export function subjectsOf(pending: PendingActivity[]): { [name: string]: SubjectState } {
  const found: { [name: string]: SubjectState } = {}
  for (const { type, heartbeat } of pending) {
    if (type !== 'watch' || !isRecord(heartbeat) || !isRecord(heartbeat['subjects'])) continue
    for (const [name, subject] of Object.entries(heartbeat['subjects'])) {
      if (!isRecord(subject)) continue
      found[name] = {
        last: readingOf(subject['last']),
        badInRow: numberOr(subject['badInRow'], 0),
        goodInRow: numberOr(subject['goodInRow'], 0),
      }
    }
  }
  return found
}

/** Long work under way, as its heartbeats tell. */
export function jobsOf(pending: PendingActivity[]): JobView[] {
  return pending.flatMap(({ type, heartbeat }) => {
    const job = type === 'job' && isRecord(heartbeat) ? heartbeat['job'] : undefined
    if (!isRecord(job) || typeof job['title'] !== 'string' || typeof job['text'] !== 'string') return []
    const { title, text, done, total, waiting } = job
    return [
      {
        title,
        text,
        done: numberOr(done, 0),
        total: typeof total === 'number' ? total : null,
        waiting: typeof waiting === 'string' ? waiting : null,
      },
    ]
  })
}

const NOT_YET = /^NotYet: / // the kind of a look that has to be made again, for programs

/** Effects that did not show at the last look. Its words come with the failure by which the look is made again. */
export function proofsOf(pending: PendingActivity[]): ProofView[] {
  return pending.flatMap(({ type, attempt, problem, nextAt }) =>
    type !== 'confirm' || problem === null ? [] : [{ attempt, text: problem.replace(NOT_YET, ''), nextAt }],
  )
}

/** Calls that failed at least once. Looks fail by design (their retry is their interval) and are not among them. */
export function retriesOf(pending: PendingActivity[]): RetryView[] {
  return pending
    .filter(({ type, attempt }) => attempt > 1 && type !== 'watch' && type !== 'confirm')
    .map(({ type, attempt, problem, nextAt }) => ({ call: type, attempt, problem, nextAt }))
}

const VERDICTS = new Set<unknown>(['good', 'bad', 'unknown'] satisfies Verdict[])

function readingOf(value: unknown): Reading | null {
  return isRecord(value) && VERDICTS.has(value['verdict']) && typeof value['text'] === 'string'
    ? (value as unknown as Reading)
    : null
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
