// What follows from the counters of a watch: breach, blind, passed, inconclusive, or not yet. Pure; the only judge there is.
import type { Subject, WatchInput } from '../../workflows/activities.ts'
import { formatDuration, inARow, milliseconds } from '../../workflows/quantities.ts'
import type { Counters, WatchMemory } from './counters.ts'
import { everyMsOf, nameOf } from './counters.ts'
import { formatTime } from './format.ts'
import { keptDueAt } from './kept.ts'

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
  const breached = input.subjects.find((subject) => isBreached(subject, memory.subjects[nameOf(subject)]))
  if (breached) return { kind: 'breach', subject: nameOf(breached) }
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
  return counters === undefined || now >= counters.lookedAt + everyMsOf(subject)
}

/** Dry-run guards are measured and reported, and take part in nothing. */
function isActing(subject: Subject): boolean {
  return subject.what === 'journey' || !subject.guard.dry_run
}

function isBreached(subject: Subject, counters: Counters | undefined): boolean {
  if (counters === undefined || !isActing(subject) || subject.what === 'proof') return false
  const breach = subject.what === 'guard' ? inARow(subject.guard.breach) : subject.breach
  return breach !== null && counters.badInRow >= breach
}

function blindIn(subjects: Subject[], memory: WatchMemory, now: number): Judgement | null {
  for (const subject of subjects) {
    const whenUnknown = subject.what === 'journey' ? subject.whenUnknown : subject.guard.when_unknown
    if (whenUnknown === null || !isActing(subject)) continue
    const since = memory.subjects[nameOf(subject)]?.unknownSince ?? null
    const { for: patience, do: act } = whenUnknown
    if (since !== null && now - since >= milliseconds(patience))
      return { kind: 'blind', subject: nameOf(subject), act }
  }
  return null
}

/** After a stretch in which nobody looked, a limit that passed meanwhile leaves the time that enough looks need. */
function isCatchingUp(subjects: Subject[], memory: WatchMemory, now: number): boolean {
  return subjects.filter(isActing).some((subject) => {
    const resumedAt = memory.subjects[nameOf(subject)]?.resumedAt ?? null
    const neededMs = subject.what === 'proof' ? subject.forMs : subject.good * everyMsOf(subject)
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
    const lacking = lackingOf(subject, memory.subjects[nameOf(subject)], now)
    if (lacking !== null) words.push(`${nameOf(subject)}: ${lacking}`)
  }
  return words
}

function mayPassAlone(gating: Subject[]): boolean {
  return gating.length > 0 && gating.every(cannotBreach)
}

function cannotBreach(subject: Subject): boolean {
  return subject.what === 'proof' || (subject.what === 'journey' && subject.breach === null)
}

/** What a subject still lacks, with its present reading; null = nothing. */
function lackingOf(subject: Subject, counters: Counters | undefined, now: number): string | null {
  const progress = progressOf(subject, counters, now)
  if (progress.isEnough) return null
  return counters === undefined ? progress.words : `${progress.words}, ${counters.last.text}`
}

function progressOf(
  subject: Subject,
  counters: Counters | undefined,
  now: number,
): { isEnough: boolean; words: string } {
  if (subject.what !== 'proof') {
    const good = Math.min(counters?.goodInRow ?? 0, subject.good)
    return { isEnough: good >= subject.good, words: `${good} of ${subject.good} good` }
  }
  const since = counters?.goodSince ?? null
  // The stretch ends with the last look, not with `now`: time that nobody has looked at proves nothing.
  const provenMs = counters === undefined || since === null ? 0 : Math.min(now, counters.lookedAt) - since
  const words = `good for ${formatDuration(provenMs)} of ${formatDuration(subject.forMs)}`
  return { isEnough: since !== null && provenMs >= subject.forMs, words }
}

/** `errors 0.2 % of 0.5 %, 4 of 30 good; gate opens 14:05:00 UTC` */
function messageOf(input: WatchInput, memory: WatchMemory, now: number): string {
  const parts = input.subjects.map((subject) => subjectWords(subject, memory.subjects[nameOf(subject)], now))
  if (input.deadline !== null && now < input.deadline)
    parts.push(`gate opens ${formatTime(input.deadline, now)}`)
  else if (input.limit !== null) parts.push(`waiting until ${formatTime(input.limit, now)}`)
  return parts.join('; ') || 'nothing is watched'
}

function subjectWords(subject: Subject, counters: Counters | undefined, now: number): string {
  const name = nameOf(subject)
  if (counters === undefined) return `${name} not looked at yet`
  if (!isActing(subject)) return `${name} (dry run) ${counters.last.text}`
  const bad = counters.badInRow > 0 && subject.what !== 'proof' ? `, ${counters.badInRow} bad in a row` : ''
  return `${name} ${counters.last.text}, ${progressOf(subject, counters, now).words}${bad}`
}

function delayMs(input: WatchInput, memory: WatchMemory, now: number): number {
  const moments = input.subjects.map((subject) => {
    const counters = memory.subjects[nameOf(subject)]
    return counters === undefined ? now : counters.lookedAt + everyMsOf(subject)
  })
  const { kept } = memory // looks ride along; only a second look at another value has a time of its own
  if (kept !== undefined && kept.differs.length > 0) moments.push(keptDueAt(kept, false))
  for (const end of [input.deadline, input.limit])
    if (end !== null && end > now) moments.push(end + AFTER_DEADLINE_MS)
  const idleMs = 3_600_000 // an empty watch without an end: an hour between looks at nothing
  return Math.max(DELAY_MS_MIN, moments.length === 0 ? idleMs : Math.min(...moments) - now)
}
