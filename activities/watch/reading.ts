// The verdict on one look at a guard. Pure. Anything short of a number is unknown: never good, never by itself bad.
import type { Reading, Verdict } from '../../workflows/activities.ts'
import type { Measurement } from '../../workflows/ports/metrics.ts'
import { percent, threshold } from '../../workflows/quantities.ts'
import type { TimeUnit } from '../../workflows/quantities.ts'
import type { PlannedGuard } from '../../workflows/plan.ts'
import type { Limit } from '../../workflows/scalars.ts'
import { formatNumber, formatValue } from './format.ts'

/** What came of one query: an answer, or why there is none. */
export type Answer = Measurement | { kind: 'failed'; why: string }

export interface GuardAnswers {
  value: Answer
  /** The other side's answer to the same query; null = the guard compares nothing. */
  other: Answer | null
  /** null = the guard counts no samples. */
  samples: Answer | null
}

const REMARK_MAX = 100 // it stands in every reading

/** One limit applied: `words` for people. */
type Judged = { verdict: Verdict; limit: string; words: string }

export function readGuard(guard: PlannedGuard, asked: GuardAnswers, at: string): Reading {
  const value = numberOf(asked.value)
  const samples = asked.samples === null ? null : numberOf(asked.samples)
  const judged = value === null ? [] : limitsOf(guard, value, asked.other)
  const shared = { subject: guard.name, at, value, samples, limit: limitWords(guard, judged) }
  if (value === null) return { ...shared, verdict: 'unknown', text: `unknown: ${whyNot(asked.value)}` }
  const tooFew = samplesProblem(guard, asked.samples, samples)
  const words = judged.map((each) => each.words).join('; ')
  if (tooFew !== null) return { ...shared, verdict: 'unknown', text: `unknown: ${tooFew} (${words})` }
  const counted = samples === null ? '' : `, ${formatNumber(samples)} samples`
  return { ...shared, verdict: worst(judged), text: `${words}${counted}${remarkOf(asked.value)}` }
}

/** What the backend remarked of the query, for whoever reads the number. */
function remarkOf(asked: Answer): string {
  const [first] = asked.kind === 'value' ? asked.warnings : []
  if (first === undefined) return ''
  return ` (${first.length <= REMARK_MAX ? first : `${first.slice(0, REMARK_MAX)}...`})`
}

/** Bad under one limit is bad, whatever the others; good needs all of them good, and at least one. */
function worst(judged: Judged[]): Verdict {
  if (judged.some(({ verdict }) => verdict === 'bad')) return 'bad'
  return judged.length > 0 && judged.every(({ verdict }) => verdict === 'good') ? 'good' : 'unknown'
}

function limitsOf(
  { max, min, compare, unit: time }: PlannedGuard,
  value: number,
  other: Answer | null,
): Judged[] {
  const judged: Judged[] = []
  if (max !== undefined) judged.push(atMost(value, max, time))
  if (min !== undefined) judged.push(atLeast(value, min, time))
  if (compare === undefined) return judged
  const base = other === null ? null : numberOf(other)
  if (base === null) {
    const why = other === null ? 'it was not asked' : whyNot(other)
    return [
      ...judged,
      { verdict: 'unknown', limit: `compared with ${compare.to}`, words: `${compare.to} unknown: ${why}` },
    ]
  }
  const unit = compare.difference_max ?? max ?? min ?? 0
  if (compare.increase_max !== undefined)
    judged.push(increased({ value, base, share: compare.increase_max, unit, to: compare.to, time }))
  if (compare.difference_max !== undefined)
    judged.push(differing({ value, base, by: compare.difference_max, to: compare.to, time }))
  return judged
}

function atMost(value: number, max: Limit, time?: TimeUnit): Judged {
  const limit = formatValue(threshold(max, time), max, time)
  const isGood = value <= threshold(max, time)
  return {
    verdict: isGood ? 'good' : 'bad',
    limit: `at most ${limit}`,
    words: `${formatValue(value, max, time)}, at most ${limit}`,
  }
}

function atLeast(value: number, min: Limit, time?: TimeUnit): Judged {
  const limit = formatValue(threshold(min, time), min, time)
  const isGood = value >= threshold(min, time)
  return {
    verdict: isGood ? 'good' : 'bad',
    limit: `at least ${limit}`,
    words: `${formatValue(value, min, time)}, at least ${limit}`,
  }
}

type Comparison = { value: number; base: number; to: string; time: TimeUnit | undefined }

/** Relative to the other side. Of a base of zero every increase is more than any share: bad, which is the safe side. */
function increased(look: Comparison & { share: string; unit: Limit }): Judged {
  const { value, base, share, unit, to, time } = look
  const isGood = value <= base + Math.abs(base) * (percent(share) / 100)
  const limit = `at most ${formatNumber(percent(share))} % above ${to}`
  const words = `${formatValue(value, unit, time)} against ${formatValue(base, unit, time)} on ${to}, ${limit}`
  return { verdict: isGood ? 'good' : 'bad', limit, words }
}

function differing(look: Comparison & { by: Limit }): Judged {
  const { value, base, by, to, time } = look
  const limit = `at most ${formatValue(threshold(by, time), by, time)} above ${to}`
  const words = `${formatValue(value, by, time)} against ${formatValue(base, by, time)} on ${to}, ${limit}`
  return { verdict: value - base <= threshold(by, time) ? 'good' : 'bad', limit, words }
}

function samplesProblem(guard: PlannedGuard, asked: Answer | null, samples: number | null): string | null {
  if (guard.min_samples === 0) return null
  const wanted = formatNumber(guard.min_samples)
  if (asked === null || samples === null) {
    return `samples cannot be counted, ${wanted} are needed: ${asked === null ? 'no samples query' : whyNot(asked)}`
  }
  return samples >= guard.min_samples ? null : `${formatNumber(samples)} of ${wanted} samples`
}

function limitWords(guard: PlannedGuard, judged: Judged[]): string {
  if (judged.length > 0) return judged.map(({ limit }) => limit).join('; ')
  return limitsOf(guard, 0, { kind: 'value', value: 0, at: '', warnings: [] })
    .map(({ limit }) => limit)
    .join('; ')
}

function numberOf(asked: Answer): number | null {
  return asked.kind === 'value' && Number.isFinite(asked.value) ? asked.value : null
}

function whyNot(asked: Answer): string {
  return asked.kind === 'value' ? `the answer is ${asked.value}, not a number to judge` : asked.why
}
