// The end of going forward: temporary values back (the TTL, say), and one more look at everything that was changed.
import type { Json, JsonObject } from '../json.ts'
import { matches } from '../json.ts'
import { calls } from './calls.ts'
import { change, show } from './change.ts'
import { lastKnown, touched } from './journal.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, log } from './run.ts'
import type { Outcome } from './state.ts'
import { askUnderWatch } from './watch.ts'

/** A run never reports `completed` over a world that somebody changed meanwhile. */
export async function complete(run: Run): Promise<Outcome> {
  checkpoint(run)
  run.state.phase = 'completing'
  publish(run.plan, run.state)
  for (const { connection, target, part } of run.state.atEnd) {
    await change<JsonObject>(run, { connection, target, desired: (now) => ({ ...now, ...part }) })
  }
  await Promise.all(touched(run.state.changes).map((of) => lastLook(run, of)))
  checkpoint(run)
  return run.state.remainder.length === 0 ? 'completed' : 'completed-with-remainder'
}

async function lastLook(run: Run, of: { connection: string; target: string }): Promise<void> {
  const wanted = lastKnown(run.state.changes, of) as Json
  if (run.state.remainder.some((each) => each.connection === of.connection && each.target === of.target)) return
  for (let attempt = 1; ; attempt++) {
    const seen = await calls.observe(`last look at ${of.connection} ${of.target}`, {
      connection: connectionOf(run, of.connection),
      target: of.target,
    })
    checkpoint(run)
    if (matches(seen.value, wanted)) return
    const verb = await askUnderWatch(run, {
      kind: 'drift',
      id: `end/${of.connection}/${of.target}/${attempt}`.replaceAll(' ', '-'),
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
