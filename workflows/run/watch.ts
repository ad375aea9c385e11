// Runs one `watch` activity after another. A breach sends the run back. When readings have been missing for too long, the run
// asks a person and goes on reading meanwhile.
import type { Drift, Reading, Readings, WatchInput, WatchResult } from '../activities.ts'
import { formatDuration } from '../quantities.ts'
import type { Subject } from '../watched/index.ts'
import { calls } from './calls.ts'
import { ownValuesOf, settleDrift } from './drift.ts'
import { keepReadings, keptOf } from './evidence.ts'
import { cutShort, inBackground } from './looks.ts'
import { everyMsOf, guardsOf, namesOf } from './guards.ts'
import { untilMoment } from './until-moment.ts'
import { ask, type Question } from './questions.ts'
import { renewable } from './renewal.ts'
import { withLimits } from './retuning.ts'
import type { Run } from './run.ts'
import { checkpoint, isIrreversible, label, log, note, recordOf, sendBack, stepOf } from './run.ts'
import { firstOf, together } from './scopes.ts'
import { steady, steadyMsAfter } from './steady.ts'
import type { Verb, Wait } from './state.ts'

export interface Watching {
  /** Names the watch within the run: its gates are kept under it. */
  key: string
  title: string
  subjects: Subject[]
  /** Server time; null = until cancelled. */
  deadline: number | null
  /** Server time at which a person is asked when checks are still not good; null = never. */
  limit: number | null
  /** Names of subjects that are done without once the limit is over, when nothing else is waited for. */
  forgone?: string[]
  /** False once a person goes on without evidence: unknown readings then end nothing, a breach still does. */
  patient?: boolean
  /** False while a person is being asked about drift: what this run has set is then not looked at. */
  keeping?: boolean
}

/** Returns when the watch has passed, or a person goes on without it. A breach never returns while the run can go back. */
export async function watch(run: Run, watching: Watching): Promise<void> {
  const { waits } = run.state
  const isTakenUp = watching.key in waits
  const wait = (waits[watching.key] ??= firstWait(watching))
  if (isTakenUp) wait.limit = extended(wait.limit, watching)
  try {
    await watchFrom(run, watching, wait)
  } finally {
    if (!run.now.renewing) delete waits[watching.key]
  }
}

/** Each lack begins with the name of what lacks. */
function isForgone({ waitingFor }: { waitingFor: string[] }, { forgone = [] }: Watching): boolean {
  return waitingFor.every((lack) => forgone.some((name) => lack.startsWith(`${name}: `)))
}

function firstWait({ limit, patient = true }: Watching): Wait {
  return { attempt: 1, limit, patient, returns: 0, isWithout: false, asking: null }
}

/** From where an earlier history has left it, or from the beginning: what a person is being asked about comes first. */
async function watchFrom(run: Run, watching: Watching, wait: Wait): Promise<void> {
  if (wait.isWithout) return await watchOn(run, watching)
  for (; ; wait.attempt++) {
    const key = `${watching.key}-${wait.attempt}`
    const present = () => ({ ...watching, limit: wait.limit, deadline: presentDeadline(run, watching) })
    const result = wait.asking ?? (await callWatch(run, key, watchToVerdict(run, present, wait.patient)))
    wait.asking = result.kind === 'passed' ? null : { ...result, readings: {} }
    switch (result.kind) {
      case 'passed':
        note(run, `${watching.title}: ${latest(result.readings)}`)
        return
      case 'breach':
        await breached(run, key, { kind: 'breach', subject: result.subject, evidence: result.evidence })
        break
      case 'blind':
        if (result.act === 'unwind')
          await breached(run, key, { kind: 'blind', subject: result.subject, evidence: result.evidence })
        else {
          const answer = await askAboutEvidence(run, { ...watching, key }, { lost: result, wait })
          wait.isWithout = watching.deadline !== null && answer === 'without'
          if (wait.isWithout) return await watchOn(run, watching)
          wait.patient = answer !== 'without' // beside another wait, a breach is still a breach
          wait.limit = extended(wait.limit, watching)
        }
        break
      case 'drift':
        await settleUnderWatch(run, { key, patient: wait.patient }, result)
        wait.limit = extended(wait.limit, watching)
        break
      case 'inconclusive':
        if (isForgone(result, watching))
          return note(run, `${watching.title}: its time is over, going on: ${result.waitingFor.join('; ')}`)
        if ((await askAboutEvidence(run, { ...watching, key }, { lost: result, wait })) !== 'again') return
        wait.limit = extended(wait.limit, watching)
        break
      default:
        return result satisfies never
    }
    wait.asking = null
  }
}

/** Going on without evidence is not going on blindly: the rest of the time is watched, and a breach still sends the run back. */
async function watchOn(run: Run, watching: Watching): Promise<void> {
  const rest = { ...watching, key: `${watching.key}-on`, deadline: null, limit: null, patient: false }
  const summary = () => `${label(run)} - ${watching.title}: going on without evidence`
  const { holding } = run.state
  if (holding !== null) {
    const waived = `the rest of the time: a person goes on without good checks of ${namesOf(watching.subjects)}`
    holding.waitsFor = holding.waitsFor.replace(/good checks of .*$/, waived) // what was waived is not waited for
  }
  const end = () => presentDeadline(run, watching) ?? 0
  const time = async () => void (await untilMoment(end, { summary }))
  await together([time], () => watch(run, rest))
}

/** A person may have moved its end since it began. */
function presentDeadline(run: Run, { key, deadline }: Watching): number | null {
  return deadline === null ? null : (run.state.deadlines[key] ?? deadline)
}

/** The time of a question is not the checks' time: a limit that has passed would end the new watch with its first look. */
function extended(limit: number | null, watching: Watching): number | null {
  return limit === null ? null : Math.max(limit, Date.now() + extensionOf(watching))
}

function extensionOf({ deadline, limit }: Watching): number {
  return deadline === null || limit === null ? 0 : limit - deadline
}

/** Asks a person while the guards of the step stay watched. Nothing else is under way then: a new history can ask on. */
export async function askUnderWatch(run: Run, question: Question): Promise<Verb> {
  const answer: { verb: Verb | null } = { verb: null }
  const keeping = question.kind !== 'drift'
  const about = { key: question.id, title: question.title, keeping, patient: true }
  const asked = async () => {
    answer.verb = await ask(run, question)
  }
  await renewable(run, () => underWatch(run, about, asked))
  return answer.verb as Verb
}

/** Asks whose value holds while the guards of the step stay watched. */
export async function settleUnderWatch(
  run: Run,
  { key, patient }: { key: string; patient: boolean },
  drift: Drift,
): Promise<void> {
  const title = `${drift.connection} ${drift.target}: whose value holds`
  const about = { key: `${key}/drift`, title, keeping: false, patient }
  await underWatch(run, about, () => settleDrift(run, key, drift))
}

export async function underWatch(
  run: Run,
  { key, title, keeping, patient }: { key: string; title: string; keeping: boolean; patient: boolean },
  work: () => Promise<void>,
): Promise<void> {
  const step = stepOf(run)
  const subjects = run.undo === null ? guardsOf(run.plan, run.state, { step, good: 1 }) : [] // going back needs no metrics
  const watching = { key: `${key}/watch`, title, subjects, keeping, patient, deadline: null, limit: null }
  await together([work], subjects.length === 0 ? null : () => watch(run, watching))
  checkpoint(run)
}

/** One watch that passes as soon as it is good, or gives up in time: for steps that judge the result themselves. */
export async function watchOnce(
  run: Run,
  { subjects, withinMs }: { subjects: Subject[]; withinMs: number },
): Promise<WatchResult> {
  checkpoint(run)
  const now = Date.now()
  const summary = `${label(run)}: at most ${formatDuration(withinMs)}`
  const input = { subjects, deadline: now, limit: now + withinMs, patient: true }
  const result = await callWatch(run, null, () => ({ summary, input }))
  checkpoint(run)
  return result
}

/** A watch as it is begun at a moment: times and limits may be others the next time. */
type Beginning = () => { summary: string; input: WatchInput }

function watchToVerdict(run: Run, present: () => Watching, patient: boolean): Beginning {
  return () => {
    const watching = present()
    const { title, subjects, deadline, limit } = watching
    const until = deadline === null ? '' : `: HOLD until ${new Date(deadline).toISOString()}`
    const summary = `${label(run)} - ${title}${until}, watching ${namesOf(subjects)}`
    const own = ownValuesFor(run, watching)
    return { summary, input: { subjects, ...own, deadline, limit: patient ? limit : null, patient } }
  }
}

/** Over as soon as everything is good for `steadyMs`, however long the hold lasts; without patience or limit. */
function watchForEvidence(run: Run, watching: Watching, steadyMs: number): Promise<WatchResult> {
  const { key, title } = watching
  const subjects = watching.subjects.map((subject) => steady(subject, steadyMs))
  const summary = `${label(run)} - ${title}: until evidence is back, watching ${namesOf(subjects)}`
  const own = ownValuesFor(run, watching)
  const input = { subjects, ...own, deadline: Date.now(), limit: null, patient: false }
  return callWatch(run, `${key}/evidence`, () => ({ summary, input }))
}

function ownValuesFor(run: Run, { keeping = true }: Watching): Pick<WatchInput, 'ownValues'> {
  const ownValues = keeping ? ownValuesOf(run) : []
  return ownValues.length > 0 ? { ownValues } : {}
}

async function callWatch(run: Run, name: string | null, beginning: Beginning): Promise<WatchResult> {
  let asked: Watching['subjects'] = []
  const result = await inBackground(run, name, () => {
    const { summary, input } = beginning()
    asked = input.subjects.map((subject) => withLimits(subject, run.state.limits))
    return calls.watch(summary, { ...input, subjects: asked, ...keptOf(run, name) }, everyMsOf(asked))
  }).catch((error: unknown) => {
    if (!run.now.renewing) cutShort(run, name, asked)
    throw error
  })
  if (name !== null) delete run.state.memories[name]
  keepReadings(run.state, recordOf(run, stepOf(run)), result.readings)
  return result
}

/** Sends the run back; past the point of no return a person is asked instead. */
async function breached(
  run: Run,
  key: string,
  breach: { kind: 'breach' | 'blind'; subject: string; evidence: Reading },
): Promise<void> {
  if (!isIrreversible(run)) {
    sendBack(run, { ...breach, at: Date.now() })
    checkpoint(run)
  }
  await ask(run, {
    kind: 'failure',
    id: `${key}/breach`,
    title: `${breach.subject} ${breach.kind === 'breach' ? 'breached' : 'cannot be read'} after the point of no return`,
    waitsFor: `a person: ${breach.evidence.text}; retry = watch again`,
    allows: ['retry'],
  })
}

type MissingEvidence = Extract<WatchResult, { kind: 'blind' | 'inconclusive' }>

/**
 * Asks a person and looks on meanwhile, without patience or limit: evidence that comes back answers by itself, at once.
 * `good` = it is good again; `without` = a person goes on without it; `again` = watch anew.
 */
async function askAboutEvidence(
  run: Run,
  watching: Watching,
  { lost, wait }: { lost: MissingEvidence; wait: Wait },
): Promise<'good' | 'without' | 'again'> {
  const steadyMs = steadyMsAfter(wait.returns)
  const title = lost.kind === 'blind' ? `${lost.subject} cannot be read` : 'not enough good checks in time'
  const why = lost.kind === 'blind' ? lost.evidence.text : `still waiting for ${lost.waitingFor.join(', ')}`
  const often =
    steadyMs === 0
      ? ''
      : `; it has come and gone ${wait.returns} times, and counts as back when it is good for ${formatDuration(steadyMs)}`
  const end: { answer: 'good' | 'without' | 'again' } = { answer: 'again' }
  const question = async () => {
    const verb = await ask(run, {
      kind: 'evidence',
      id: `${watching.key}/evidence`,
      title,
      waitsFor: `evidence, or a person: ${why}${often}; approve = go on without it, retry = watch anew, or abort`,
      allows: ['approve', 'retry'],
    })
    if (verb === 'approve') end.answer = 'without'
  }
  const evidence = async () => {
    let result = await watchForEvidence(run, watching, steadyMs)
    while (result.kind === 'drift') {
      await settleUnderWatch(run, { key: watching.key, patient: false }, result) // often it is why evidence is missing
      result = await watchForEvidence(run, watching, steadyMs)
    }
    if (result.kind === 'breach')
      await breached(run, watching.key, {
        kind: 'breach',
        subject: result.subject,
        evidence: result.evidence,
      })
    if (result.kind === 'passed') {
      end.answer = 'good'
      wait.returns += 1
    }
    log(run, `${title}: evidence is back: ${latest(result.readings)}`)
  }
  await firstOf([question, evidence])
  checkpoint(run)
  return end.answer
}

function latest(readings: Readings): string {
  return Object.values(readings)
    .map((all) => all.at(-1)?.text)
    .filter((text) => text !== undefined)
    .join('; ')
}
