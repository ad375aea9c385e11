// What follows from the counters of a watch: breach, blind, passed, inconclusive, or not yet. Pure; the only judge there is.
import type { WatchInput } from '../../workflows/activities.ts'
import type { Subject } from '../../workflows/watched/index.ts'
import { formatDuration, milliseconds } from '../../workflows/quantities.ts'
import type { Counters, WatchMemory } from './counters.ts'
import { formatTime } from './format.ts'
import { ownValuesDueAt } from './own-values.ts'

export type Judgement =
  | { kind: 'breach'; subject: string }
  | { kind: 'blind'; subject: string; act: 'hold' | 'unwind' }
  | { kind: 'passed' }
  | { kind: 'inconclusive'; waitingFor: string[] }
  | { kind: 'not yet'; message: string; delayMs: number }

const AFTER_DEADLINE_MS = 50 // look just after it, not just before: timers of two machines differ a little
const DELAY_MS_MIN = 10 // a delay of zero would mean "use the retry policy"

/**
 * Judges at server time `now`. A watch without a deadline never passes by itself, with one exception: when everything it
 * waits for is a proof or a journey that cannot breach, it passes as soon as these are good. An empty watch never does.
 */
export function judge(input: WatchInput, memory: WatchMemory, now: number): Judgement {
  const breached = input.subjects.find((subject) => isBreached(subject, memory.subjects[subject.name]))
  if (breached) return { kind: 'breach', subject: breached.name }
  if (input.patient) {
    const blind = blindIn(input.subjects, memory, now)
    if (blind) return blind
  }
  const waitingFor = missing(input, memory, now)
  if (waitingFor.length === 0) return { kind: 'passed' }
  if (input.limit !== null && now >= input.limit && !isCatchingUp(input.subjects, memory, now))
    return { kind: 'inconclusive', waitingFor }
  return { kind: 'not yet', message: messageOf(input, memory, now), delayMs: delayMs(input, memory, now) }
}

/** Whether a subject is to be looked at now; the first time always. */
export function isDue(subject: Subject, counters: Counters | undefined, now: number): boolean {
  return counters === undefined || now >= dueAt(subject, counters)
}

/** A breach is told apart from a moment sooner where a bad look is looked at again sooner. */
function dueAt({ everyMs, recheckMs = everyMs }: Subject, { last, lookedAt }: Counters): number {
  return lookedAt + (last.verdict === 'bad' ? recheckMs : everyMs)
}

function isActing({ isDryRun }: Subject): boolean {
  return !isDryRun
}

function isBreached(subject: Subject, counters: Counters | undefined): boolean {
  const { breach } = subject
  return counters !== undefined && isActing(subject) && breach !== null && counters.badInRow >= breach
}

function blindIn(subjects: Subject[], memory: WatchMemory, now: number): Judgement | null {
  for (const subject of subjects) {
    const { whenUnknown } = subject
    if (whenUnknown === null || !isActing(subject)) continue
    const since = memory.subjects[subject.name]?.unknownSince ?? null
    const { for: patience, do: act } = whenUnknown
    if (since !== null && now - since >= milliseconds(patience))
      return { kind: 'blind', subject: subject.name, act }
  }
  return null
}

/** After a stretch in which nobody looked, a limit that passed meanwhile leaves the time that enough looks need. */
function isCatchingUp(subjects: Subject[], memory: WatchMemory, now: number): boolean {
  return subjects.filter(isActing).some((subject) => {
    const resumedAt = memory.subjects[subject.name]?.resumedAt ?? null
    const { enough, everyMs } = subject
    const neededMs = 'forMs' in enough ? enough.forMs : enough.good * everyMs
    return resumedAt !== null && now < resumedAt + neededMs
  })
}

/** What still keeps the gate shut, in words; empty = it opens. */
function missing(input: WatchInput, memory: WatchMemory, now: number): string[] {
  const gating = input.subjects.filter(isActing)
  const words: string[] = []
  if (input.deadline === null && !mayPassAlone(gating)) words.push('the end of what is waited for')
  if (input.deadline !== null && now < input.deadline)
    words.push(`the time: ${formatTime(input.deadline, now)}`)
  for (const subject of gating) {
    const lacking = lackingOf(subject, memory.subjects[subject.name], now)
    if (lacking !== null) words.push(`${subject.name}: ${lacking}`)
  }
  return words
}

function mayPassAlone(gating: Subject[]): boolean {
  return gating.length > 0 && gating.every(({ breach }) => breach === null)
}

/** What a subject still lacks, with its present reading; null = nothing. */
function lackingOf(subject: Subject, counters: Counters | undefined, now: number): string | null {
  const progress = progressOf(subject, counters, now)
  if (progress.isEnough) return null
  return counters === undefined ? progress.words : `${progress.words}, ${counters.last.text}`
}

function progressOf(
  { enough }: Subject,
  counters: Counters | undefined,
  now: number,
): { isEnough: boolean; words: string } {
  if ('good' in enough) {
    const good = Math.min(counters?.goodInRow ?? 0, enough.good)
    return { isEnough: good >= enough.good, words: `${good} of ${enough.good} good` }
  }
  const since = counters?.goodSince ?? null
  // The stretch ends with the last look, not with `now`: time that nobody has looked at proves nothing.
  const provenMs = counters === undefined || since === null ? 0 : Math.min(now, counters.lookedAt) - since
  const words = `good for ${formatDuration(provenMs)} of ${formatDuration(enough.forMs)}`
  return { isEnough: since !== null && provenMs >= enough.forMs, words }
}

/** `errors 0.2 %, at most 0.5 %, 4 of 30 good; at least until 14:05:00 UTC` */
function messageOf(input: WatchInput, memory: WatchMemory, now: number): string {
  const parts = input.subjects.map((subject) => subjectWords(subject, memory.subjects[subject.name], now))
  if (input.deadline !== null && now < input.deadline)
    parts.push(`at least until ${formatTime(input.deadline, now)}`)
  else if (input.limit !== null) parts.push(`waiting until ${formatTime(input.limit, now)}`)
  return parts.join('; ') || 'nothing is watched'
}

function subjectWords(subject: Subject, counters: Counters | undefined, now: number): string {
  const { name, enough } = subject
  if (counters === undefined) return `${name} not looked at yet`
  if (!isActing(subject)) return `${name} (dry run) ${counters.last.text}`
  const bad = counters.badInRow > 0 && 'good' in enough ? `, ${counters.badInRow} bad in a row` : ''
  return `${name} ${counters.last.text}, ${progressOf(subject, counters, now).words}${bad}`
}

function delayMs(input: WatchInput, memory: WatchMemory, now: number): number {
  const moments = input.subjects.map((subject) => {
    const counters = memory.subjects[subject.name]
    return counters === undefined ? now : dueAt(subject, counters)
  })
  const { ownValues } = memory // looks ride along; only a second look at another value has a time of its own
  if (ownValues !== undefined && ownValues.differs.length > 0) moments.push(ownValuesDueAt(ownValues, false))
  for (const end of [input.deadline, input.limit])
    if (end !== null && end > now) moments.push(end + AFTER_DEADLINE_MS)
  const idleMs = 3_600_000 // an empty watch without an end: an hour between looks at nothing
  return Math.max(DELAY_MS_MIN, moments.length === 0 ? idleMs : Math.min(...moments) - now)
}
