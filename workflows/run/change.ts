// The one primitive that changes the world. The way back is in the journal, in history, before anything is touched.
import type { Applied } from '../activities.ts'
import type { Json } from '../json.ts'
import { matches } from '../json.ts'
import { outline } from '../steps/outlines.ts'
import { calls } from './calls.ts'
import { type Failed, StepFailed, failedWith, foundBy } from './failures.ts'
import { lastKnown } from './journal.ts'
import { measure } from './measure.ts'
import { observe } from './observe.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, isIrreversible, label, log, note, stepOf } from './run.ts'
import { remember } from './serving.ts'
import { show } from './show.ts'
import type { Change } from './state.ts'
import { askUnderWatch } from './watch.ts'

export interface Wanted<V extends Json> {
  connection: string
  target: string
  /** The end state, or how it follows from what is there before. */
  desired: V | ((before: V) => V)
}

/**
 * Brings a target to its desired value and verifies it. Returns the journal entry.
 * Ends the run going forward when it cannot; asks a person when someone else has changed the target meanwhile.
 */
export async function change<V extends Json>(run: Run, wanted: Wanted<V>): Promise<Change> {
  checkpoint(run)
  const entry = await intend(run, wanted as unknown as Wanted<Json>)
  if (entry.status === 'noop') {
    note(run, `${entry.connection} ${entry.target} already is ${show(entry.desired)}`)
  } else {
    markPointOfNoReturn(run)
    await carryOut(run, entry)
    note(
      run,
      `${entry.connection} ${entry.target}: ${show(entry.before)} -> ${show(entry.desired)}, verified`,
    )
  }
  remember(run, entry)
  checkpoint(run)
  return entry
}

/** Looks at a target through the engine; the last verified value if this run has changed it already. */
export async function look<V extends Json>(run: Run, of: { connection: string; target: string }): Promise<V> {
  checkpoint(run)
  const known = lastKnown(run.state.changes, of)
  if (known !== undefined) return known as V
  const { value } = await observe(run, of, 'look at')
  checkpoint(run)
  return value as V
}

async function intend(run: Run, wanted: Wanted<Json>): Promise<Change> {
  const before = await look<Json>(run, wanted)
  const desired = typeof wanted.desired === 'function' ? wanted.desired(before) : wanted.desired
  const same = matches(before, desired)
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

async function carryOut(run: Run, entry: Change): Promise<void> {
  let expected = entry.before
  for (let attempt = 1; ; attempt++) {
    const result = await tryOnce(run, entry, expected)
    const failed = result.ok ? await verify(run, entry, result.applied) : result.failed
    if (failed === null) return
    if (failed.kind === 'Conflict') {
      const { found, writer } = foundBy(failed)
      const verb = await askAboutDrift(run, entry, { attempt, found, writer })
      if (verb === 'approve') {
        expected = found
        log(run, `${entry.connection} ${entry.target}: going on from ${show(found)}, found and approved`)
      }
      continue
    }
    if (!isIrreversible(run)) throw new StepFailed(failed)
    const verb = await askUnderWatch(run, {
      kind: 'failure',
      id: `${entry.step}/failure-${attempt}`,
      title: `${entry.connection} ${entry.target} could not be set to ${show(entry.desired)}`,
      waitsFor: `a person: ${failed.kind}: ${failed.message}`,
      allows: ['retry', 'skip'],
    })
    if (verb === 'skip') return leave(run, entry)
  }
}

type Tried = { ok: true; applied: Applied } | { ok: false; failed: Failed }

async function tryOnce(run: Run, entry: Change, expected: Json): Promise<Tried> {
  const { target, desired } = entry
  const summary = `${label(run)} - ${entry.connection} ${target} ${show(desired)}`
  entry.status = 'unknown' // until the backend has answered, a write may or may not land
  try {
    const applied = await calls.apply(summary, {
      connection: connectionOf(run, entry.connection),
      target,
      desired,
      expected,
    })
    entry.status = 'applied'
    entry.appliedAt = Date.now()
    entry.retried ||= applied.tries > 1
    return { ok: true, applied }
  } catch (error) {
    return { ok: false, failed: failedWith(error) }
  }
}

/** Null = verified. What fails here is no reason to carry out the whole step again: the write itself was accepted. */
async function verify(run: Run, entry: Change, applied: Applied): Promise<Failed | null> {
  measure.change(run.plan.service, entry.connection, entry.target)
  if (applied.readBack === 'match') {
    entry.verified = true
    return null
  }
  checkpoint(run)
  try {
    const seen =
      applied.readBack === 'differs' ? applied.observed : await observe(run, entry, 'look again at')
    entry.verified = seen !== null && matches(seen.value, entry.desired)
    if (entry.verified) return null
    return {
      kind: 'Rejected',
      message: `${entry.connection} ${entry.target} was set to ${show(entry.desired)} but shows ${show(seen?.value ?? null)}`,
      details: null,
    }
  } catch (error) {
    return failedWith(error)
  }
}

async function askAboutDrift(
  run: Run,
  entry: Change,
  seen: { attempt: number; found: Json; writer: string | null },
) {
  return await askUnderWatch(run, {
    kind: 'drift',
    id: `${entry.step}/drift-${entry.number}-${seen.attempt}`,
    title: `${entry.connection} ${entry.target} was changed by ${seen.writer ?? 'someone else'}`,
    waitsFor: `a person: found ${show(seen.found)}; retry = look again, approve = go on from what is found, or abort`,
    allows: ['retry', 'approve'],
  })
}

function leave(run: Run, entry: Change): void {
  run.state.remainder.push({
    connection: entry.connection,
    target: entry.target,
    note: `not set to ${show(entry.desired)}`,
  })
  note(run, `${entry.connection} ${entry.target} left to a person`)
}

function markPointOfNoReturn(run: Run): void {
  const step = stepOf(run)
  const why = outline(step, () => undefined).irreversible
  if (why === null || run.state.pointOfNoReturn !== null) return
  run.state.pointOfNoReturn = { step: step.id, why, at: Date.now() }
  log(run, `point of no return: ${why}`)
}
