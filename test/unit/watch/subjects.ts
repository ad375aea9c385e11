// Subjects, readings and watches for the tests of the judge; small values that every test overrides in part.
import type { Counters, WatchMemory } from '../../../activities/watch/counters.ts'
import { counted, gapMsMaxOf } from '../../../activities/watch/counters.ts'
import type { Reading, Verdict, WatchInput } from '../../../workflows/activities.ts'
import type { PlannedConnection, PlannedGuard } from '../../../workflows/plan.ts'
import { guardSubject } from '../../../workflows/watched/guard.ts'
import type { Subject } from '../../../workflows/watched/index.ts'
import { journeySubject } from '../../../workflows/watched/journey.ts'
import { proofSubject } from '../../../workflows/watched/proof.ts'

export const EVERY_MS = 10_000
export const START = Date.UTC(2026, 5, 1, 14, 0, 0)

export const prom: PlannedConnection = {
  name: 'prom',
  provider: 'metrics/sim',
  port: 'metrics',
  config: {},
  landsWithin: '0s',
  showsWithin: '0s',
}

export function guardOf(overrides: Partial<PlannedGuard> = {}): PlannedGuard {
  return {
    name: 'errors',
    from: 'prom',
    query: 'errors{side="$side"}',
    side: 'new',
    max: '0.5%',
    breach: '3 in a row',
    every: '10s',
    min_samples: 0,
    when_unknown: { for: '2m', do: 'hold' },
    dry_run: false,
    ...overrides,
  }
}

export function guard(overrides: Partial<PlannedGuard> = {}, good = 3): Subject {
  return guardSubject(guardOf(overrides), prom, good)
}

export function proof(forMs: number): Subject {
  return proofSubject(guardOf({ name: 'idle' }), prom, forMs)
}

export function journey(breach: number | null, good = 3): Subject {
  const whenUnknown = breach === null ? null : ({ for: '2m', do: 'hold' } as const)
  return journeySubject({
    name: 'login',
    connection: prom,
    requests: [],
    everyMs: EVERY_MS,
    good,
    breach,
    whenUnknown,
  })
}

export function watchOf(subjects: Subject[], overrides: Partial<WatchInput> = {}): WatchInput {
  return { subjects, deadline: null, limit: null, patient: true, ...overrides }
}

export function reading(verdict: Verdict, at: number, subject = 'errors'): Reading {
  return {
    subject,
    at: new Date(at).toISOString(),
    verdict,
    value: null,
    limit: 'at most 0.5 %',
    samples: null,
    text: verdict,
  }
}

/** The counters after these verdicts, one look every ten seconds, or with these pauses before each. */
export function after(subject: Subject, verdicts: Verdict[], pausesMs: number[] = []): Counters {
  let counters: Counters | undefined
  let at = START - EVERY_MS
  verdicts.forEach((verdict, index) => {
    at += pausesMs[index] ?? EVERY_MS
    counters = counted(counters, reading(verdict, at, subject.name), { at, gapMsMax: gapMsMaxOf(subject) })
  })
  if (counters === undefined) throw new Error('a test needs at least one look')
  return counters
}

export function memoryOf(...looked: [Subject, Verdict[]][]): WatchMemory {
  return {
    subjects: Object.fromEntries(
      looked.map(([subject, verdicts]) => [subject.name, after(subject, verdicts)]),
    ),
  }
}

/** The moment of the last of `count` looks. */
export function lookAt(count: number): number {
  return START + (count - 1) * EVERY_MS
}
