// The end of going forward: temporary values back (the TTL, say), and one more look at everything that was changed.
import type { Json, JsonObject } from '../json.ts'
import { matches } from '../json.ts'
import { calls } from './calls.ts'
import { change } from './change.ts'
import { StepFailed, failedWith } from './failures.ts'
import { gateId } from './gates.ts'
import { lastKnown, touched } from './journal.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, log } from './run.ts'
import { show } from './show.ts'
import type { Outcome } from './state.ts'
import { askUnderWatch } from './watch.ts'

/** A run never reports `completed` over a world that somebody changed meanwhile. */
export async function complete(run: Run): Promise<Outcome> {
  checkpoint(run)
  run.state.phase = 'completing'
  publish(run.plan, run.state)
  for (const { connection, target, part } of run.state.atEnd) {
    await orAsk(run, { connection, target }, async () => {
      await change<JsonObject>(run, { connection, target, desired: (now) => ({ ...now, ...part }) })
    })
  }
  await Promise.all(touched(run.state.changes).map((of) => orAsk(run, of, () => lastLook(run, of))))
  checkpoint(run)
  return run.state.remainder.length === 0 ? 'completed' : 'completed-with-remainder'
}

type Of = { connection: string; target: string }

/** So close to the end nothing goes back by itself: what fails here is a question. */
async function orAsk(run: Run, of: Of, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const failed = error instanceof StepFailed ? error.failed : failedWith(error)
      const verb = await askUnderWatch(run, {
        kind: 'failure',
        id: gateId('end', of, `failed-${attempt}`),
        title: `${of.connection} ${of.target} could not be brought to its end state`,
        waitsFor: `a person: ${failed.kind}: ${failed.message}; retry, skip = leave it and list it, or abort`,
        allows: ['retry', 'skip'],
      })
      if (verb === 'retry') continue
      run.state.remainder.push({ ...of, note: `${failed.kind}: ${failed.message}` })
      return
    }
  }
}

async function lastLook(run: Run, of: Of): Promise<void> {
  const wanted = lastKnown(run.state.changes, of) as Json
  if (run.state.remainder.some((each) => each.connection === of.connection && each.target === of.target))
    return
  for (let attempt = 1; ; attempt++) {
    const seen = await calls.observe(`last look at ${of.connection} ${of.target}`, {
      connection: connectionOf(run, of.connection),
      target: of.target,
    })
    checkpoint(run)
    if (matches(seen.value, wanted)) return
    const verb = await askUnderWatch(run, {
      kind: 'drift',
      id: gateId('end', of, `drift-${attempt}`),
      title: `${of.connection} ${of.target} is no longer as this run left it`,
      waitsFor: `a person: ${show(wanted)} expected, ${show(seen.value)} found${seen.writer === undefined ? '' : `, written by ${seen.writer}`}; retry = look again, approve = leave it and list it, or abort`,
      allows: ['retry', 'approve'],
    })
    if (verb === 'retry') continue
    run.state.remainder.push({ ...of, note: `found ${show(seen.value)} instead of ${show(wanted)}` })
    log(run, `${of.connection} ${of.target} left as found`)
    return
  }
}
