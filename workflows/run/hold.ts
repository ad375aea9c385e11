// Holding: the run waits for time, for proofs and for enough good checks, and watches its guards meanwhile.
import { condition } from '@temporalio/workflow'
import { matches } from '../json.ts'
import type { Subject } from '../watched/index.ts'
import { calls } from './calls.ts'
import { isAsked } from './drift.ts'
import { untilMoment } from './until-moment.ts'
import { type Failed } from '../failure.ts'
import { keptOf } from './evidence.ts'
import { StepFailed, failedWith, foundBy } from './failures.ts'
import { namesOf } from './guards.ts'
import { holdBack } from './hold-back.ts'
import type { Confirming, Holding } from './holding.ts'
import { lastKnown } from './journal.ts'
import { inBackground } from './looks.ts'
import { measure } from './measure.ts'
import { publish } from './publish.ts'
import { once, renewable } from './renewal.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, label, note, stepOf } from './run.ts'
import { together } from './scopes.ts'
import type { Proof } from './state.ts'
import { leftUntil } from './time.ts'
import { askUnderWatch, settleUnderWatch, watch } from './watch.ts'

const LAST_LOOK_MS = 10_000 // two calls that take as long as calls may

/** Returns when the time is over, every proof is there and every gating check was good often enough. */
export async function hold(run: Run, holding: Holding): Promise<void> {
  const { undo } = run
  const held = () => (undo === null ? holdOn(run, holding) : holdBack(run, undo, holding))
  await once(run, `hold ${holding.key}`, () => renewable(run, held))
}

async function holdOn(run: Run, holding: Holding): Promise<void> {
  checkpoint(run)
  const { state } = run
  const key = `${stepOf(run).id}/${holding.key}`
  const deadline = (state.deadlines[key] ??= Date.now() + holding.forMs) // a deadline, not a duration: it survives renewal
  const limit = holding.gating === null ? null : deadline + holding.gating.extendMs
  const forgone = holding.gating?.forgone ?? []
  const isGating = holding.gating !== null && holding.subjects.length > 0
  const watching = { key, title: holding.title, subjects: holding.subjects }
  if (state.gates.length === 0) state.phase = 'holding' // else an earlier history has left questions open
  state.holding = {
    key,
    step: stepOf(run).id,
    title: holding.title,
    until: deadline,
    limit,
    waitsFor: waitsFor(holding),
  }
  publish(run.plan, state)
  measure.holds(run.plan.service, 1)
  try {
    await together(
      [
        // A gating watch passes by itself once the deadline is over; only a hold without one needs a timer.
        () => (isGating ? watch(run, { ...watching, deadline, limit, forgone }) : until(run, key, holding)),
        ...holding.confirm.map((confirming) => () => confirm(run, key, confirming)),
      ],
      isGating || holding.subjects.length === 0
        ? null
        : () => watch(run, { ...watching, deadline: null, limit: null }),
    )
  } finally {
    measure.holds(run.plan.service, -1)
    if (!run.now.renewing) {
      delete state.deadlines[key]
      for (const each of holding.confirm) delete state.proofs[proofName(key, each)]
      state.holding = null
      state.phase = state.reason === null ? 'running' : 'unwinding'
    }
  }
  checkpoint(run)
}

async function until(run: Run, key: string, { title, forMs }: Holding): Promise<void> {
  if (forMs === 0) return
  const deadline = () => run.state.deadlines[key] as number
  const summary = () => `${label(run)} - ${title}: HOLD until ${new Date(deadline()).toISOString()}`
  await untilMoment(deadline, { summary })
  await condition(() => !isAsked(run)) // time does not answer for a person
}

async function confirm(run: Run, key: string, confirming: Confirming): Promise<void> {
  const { connection, target, desired, otherwise } = confirming
  const name = proofName(key, confirming)
  const proof = (run.state.proofs[name] ??= firstProof(confirming))
  for (; !proof.isSeen; proof.attempt++) {
    const failed = proof.failed ?? (await prove(run, name, { confirming, proof }))
    proof.failed = failed
    if (failed !== null) {
      if (failed.kind === 'Conflict') {
        const drift = { connection, target, ...foundBy(failed) }
        await settleUnderWatch(run, { key, patient: true }, drift)
        proof.failed = null
        proof.isSeen = !matches(lastKnown(run.state.changes, confirming) ?? null, desired) // a person let theirs stand
        continue
      }
      if (failed.kind !== 'Timeout' || otherwise !== 'ask') throw new StepFailed(failed)
      const verb = await askUnderWatch(run, {
        kind: 'evidence',
        id: `${key}/proof-${proof.attempt}`,
        title: `the effect of ${connection} ${target} could not be proven`,
        waitsFor: `a person: ${failed.message}; retry = look again, approve = go on without the proof, or abort`,
        allows: ['retry', 'approve'],
      })
      proof.failed = null
      proof.isSeen = verb === 'approve'
      proof.until = Date.now() + confirming.withinMs
    }
  }
}

function proofName(key: string, { connection, target }: Confirming): string {
  return `${key}/proof ${connection} ${target}`
}

function firstProof({ withinMs }: Confirming): Proof {
  return { attempt: 1, isSeen: false, until: Date.now() + withinMs, failed: null }
}

/** Null = seen. */
async function prove(
  run: Run,
  name: string,
  { confirming, proof }: { confirming: Confirming; proof: Proof },
): Promise<Failed | null> {
  const { connection, target, desired, options, everyMs } = confirming
  const input = { connection: connectionOf(run, connection), target, desired, options, everyMs }
  const summary = `${label(run)} - prove ${connection} ${target}`
  try {
    const { lines } = await inBackground(run, name, () =>
      calls.confirm(summary, { ...input, ...keptOf(run, name) }, withinOf(proof)),
    )
    proof.isSeen = true
    note(run, `${connection} ${target} proven: ${lines.join('; ')}`)
    return null
  } catch (error) {
    return failedWith(error)
  } finally {
    if (!run.now.renewing) delete run.state.memories[name]
  }
}

/** The rest of its time; enough for a look of its own where a new history began just before its end. */
function withinOf(proof: Proof): number {
  return Math.max(leftUntil(proof.until), LAST_LOOK_MS)
}

/** Besides the time. */
function waitsFor(holding: Holding): string {
  const awaited = holding.gating === null ? [] : holding.subjects.filter(isAwaited)
  return [
    ...holding.confirm.map(({ connection, target }) => `proof of ${connection} ${target}`),
    ...(awaited.length === 0 ? [] : [`good checks of ${namesOf(awaited)}`]),
  ].join(', ')
}

/** A guard that time alone is waited with is watched, and no good look of it is waited for. */
function isAwaited({ enough }: Subject): boolean {
  return 'forMs' in enough || enough.good > 0
}
