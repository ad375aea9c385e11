// The one primitive that changes the world. The way back is in the journal, in history, before anything is touched.
import type { Applied } from '../activities.ts'
import type { Json } from '../json.ts'
import { sameJson } from '../json.ts'
import { isAsWanted } from '../ports/as-wanted.ts'
import { formatDuration } from '../quantities.ts'
import { whyIrreversible } from '../steps/kind-of.ts'
import { calls } from './calls.ts'
import { changeBack } from './change-back.ts'
import { type Failed } from '../failure.ts'
import { StepFailed, failedWith, foundBy } from './failures.ts'
import { knownOrFound } from './first-look.ts'
import { firstBefore, lastChange, lastKnown, ours } from './journal.ts'
import { locksAgain } from './locks.ts'
import { gateId } from './questions.ts'
import { measure } from './measure.ts'
import { observe } from './observe.ts'
import { isReset, plannedValues } from './planned-values.ts'
import { once } from './renewal.ts'
import { resumed } from './resumed.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, isIrreversible, label, log, note, stepOf } from './run.ts'
import { recordTraffic } from './record-traffic.ts'
import { show } from './show.ts'
import { showsWithinMs } from './shows-within.ts'
import type { Change } from './state.ts'
import { askUnderWatch } from './watch.ts'

export interface ChangeRequest<V extends Json> {
  connection: string
  target: string
  /** The end state, or how it follows from what is there before. */
  desired: V | ((before: V) => V)
  /** How long it may take to show once it was accepted; left out: what the provider says. On the way back there is no such limit. */
  showsWithinMs?: number
}

/**
 * Brings a target to its desired value and verifies it. Returns the journal entry.
 * Ends the run going forward when it cannot; asks a person when someone else has changed the target meanwhile. On the way back of
 * a step it never gives up.
 */
export async function change<V extends Json>(run: Run, wanted: ChangeRequest<V>): Promise<Change> {
  const word = `change ${wanted.connection} ${wanted.target}`
  const changed = () =>
    run.undo === null
      ? changeNow(run, wanted)
      : changeBack(run, run.undo, wanted as unknown as ChangeRequest<Json>)
  const number = await once(run, word, async () => (await changed()).number)
  return run.state.changes[number - 1] as Change
}

async function changeNow<V extends Json>(run: Run, wanted: ChangeRequest<V>): Promise<Change> {
  await resumed(run)
  const before = await knownOrFound(run, wanted)
  await resumed(run) // that look may have been a question, and its answer is no word of whoever has paused the run meanwhile
  const entry = intend(run, wanted as unknown as ChangeRequest<Json>, before)
  markPointOfNoReturn(run) // whoever has made it so: no way leads back from it
  if (entry.status === 'noop') {
    note(run, `${entry.connection} ${entry.target} already is ${show(entry.desired)}`)
  } else {
    await carryOut(run, entry, wanted.showsWithinMs ?? showsWithinMs(run, entry.connection))
    note(
      run,
      `${entry.connection} ${entry.target}: ${show(entry.before)} -> ${show(entry.desired)}, verified`,
    )
  }
  recordTraffic(run, entry)
  checkpoint(run)
  return entry
}

/** A value that a step only reckons with; the last verified one if this run has changed it already. */
export async function presentValue<V extends Json>(
  run: Run,
  of: { connection: string; target: string },
): Promise<V> {
  checkpoint(run)
  const known = lastKnown(run.state.changes, of)
  if (known !== undefined) return known as V
  const { value } = await observe(run, of, 'look at')
  checkpoint(run)
  return value as V
}

function intend(run: Run, wanted: ChangeRequest<Json>, before: Json): Change {
  const desired = typeof wanted.desired === 'function' ? wanted.desired(before) : wanted.desired
  const open = lastChange(run.state.changes, wanted)
  if (open !== undefined && isUnderWay(run, open) && sameJson(open.desired, desired)) return open
  const { port } = connectionOf(run, wanted.connection)
  const same = isAsWanted(port, { value: before }, desired)
  const entry: Change = {
    number: run.state.changes.length + 1,
    step: stepOf(run).id,
    connection: wanted.connection,
    target: wanted.target,
    before,
    desired,
    status: same ? 'noop' : 'intended',
    verified: same,
    retried: false,
    at: Date.now(),
    appliedAt: null,
  }
  run.state.changes.push(entry)
  return entry
}

/** A change of this step that nothing is known of yet: a new history takes it up where a person is being asked about it. */
function isUnderWay(run: Run, { step, status, verified }: Change): boolean {
  return step === stepOf(run).id && !verified && status !== 'noop'
}

async function carryOut(run: Run, entry: Change, withinMs: number): Promise<void> {
  for (;;) {
    const approved = entry.approved ?? []
    const expected = approved.at(-1) ?? entry.before
    const result = await tryOnce(run, entry, { expected, approved })
    const failed = result.ok
      ? await verify(run, entry, { applied: result.applied, expected, withinMs })
      : result.failed
    if (failed === null) return
    if (failed.kind === 'Conflict') {
      const { found, writer } = foundBy(failed)
      const verb = await askAboutDrift(run, entry, { found, writer })
      if (verb === 'approve') {
        entry.approved = [...approved, found]
        log(run, `${entry.connection} ${entry.target}: going on from ${show(found)}, found and approved`)
      }
      await resumed(run)
      continue
    }
    if (!isIrreversible(run)) throw new StepFailed(failed)
    const verb = await askUnderWatch(run, {
      kind: 'failure',
      id: `${entry.step}/failure`,
      title: `${entry.connection} ${entry.target} could not be set to ${show(entry.desired)}`,
      waitsFor: `a person: ${failed.kind}: ${failed.message}`,
      allows: ['retry', 'skip'],
    })
    if (verb === 'skip') return leaveUnset(run, entry)
  }
}

type ApplyResult = { ok: true; applied: Applied } | { ok: false; failed: Failed }

async function tryOnce(
  run: Run,
  entry: Change,
  { expected, approved }: { expected: Json; approved: Json[] },
): Promise<ApplyResult> {
  const { target, desired } = entry
  const summary = `${label(run)} - ${entry.connection} ${target} ${show(desired)}`
  entry.status = 'unknown' // until the backend has answered, a write may or may not land
  try {
    const applied = await calls.apply(summary, {
      connection: connectionOf(run, entry.connection),
      target,
      desired,
      expected,
      before: firstBefore(run.state.changes, entry) ?? entry.before,
      ours: ours(run.state.changes, entry),
      known: [entry.before, ...approved, ...(isReset(run.state) ? plannedValues(run.plan, entry) : [])],
      ...locksAgain(run),
    })
    entry.status = 'applied'
    entry.appliedAt = Date.now()
    entry.retried ||= applied.tries > 1
    return { ok: true, applied }
  } catch (error) {
    return { ok: false, failed: failedWith(error) }
  }
}

/**
 * Null = verified. An accepted write that does not show is not a refused one: it is looked for until the provider's
 * `showsWithin` is over, or the time that its step gives it, and an abort meanwhile finds it uncertain in the journal.
 */
async function verify(
  run: Run,
  entry: Change,
  { applied, expected, withinMs }: { applied: Applied; expected: Json; withinMs: number },
): Promise<Failed | null> {
  measure.change(run.plan.service, entry.connection, entry.target)
  if (applied.readBack !== 'match') {
    const failed = await notShown(run, entry, { expected, withinMs })
    if (failed !== null) return failed
  }
  entry.verified = true
  return null
}

async function notShown(
  run: Run,
  entry: Change,
  { expected, withinMs }: { expected: Json; withinMs: number },
): Promise<Failed | null> {
  checkpoint(run)
  const { connection: name, target, desired } = entry
  const connection = connectionOf(run, name)
  const summary = `${label(run)} - ${name} ${target} ${show(desired)}: accepted, until it shows`
  try {
    await calls.shown(summary, { connection, target, desired, expected }, withinMs)
    return null
  } catch (error) {
    const failed = failedWith(error)
    if (failed.kind !== 'Timeout') return failed
    return {
      kind: 'Rejected',
      message: `${name} ${target} was set to ${show(desired)}, and that was accepted, but it does not show within ${formatDuration(withinMs)}: ${failed.message}`,
      details: null,
    }
  }
}

async function askAboutDrift(run: Run, entry: Change, seen: { found: Json; writer: string | null }) {
  return await askUnderWatch(run, {
    kind: 'drift',
    id: gateId(`${entry.step}/drift`, entry),
    title: `${entry.connection} ${entry.target} was changed by ${seen.writer ?? 'someone else'}`,
    waitsFor: `a person: found ${show(seen.found)}; retry = look again, approve = go on from what is found, or abort`,
    allows: ['retry', 'approve'],
  })
}

function leaveUnset(run: Run, entry: Change): void {
  run.state.remainder.push({
    connection: entry.connection,
    target: entry.target,
    note: `not set to ${show(entry.desired)}`,
  })
  note(run, `${entry.connection} ${entry.target} left to a person`)
}

function markPointOfNoReturn(run: Run): void {
  const step = stepOf(run)
  const why = whyIrreversible(step, run.state)
  if (why === null || run.state.pointOfNoReturn !== null) return
  run.state.pointOfNoReturn = { step: step.id, why, at: Date.now() }
  log(run, `point of no return: ${why}`)
}
