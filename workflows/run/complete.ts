// The end of going forward: temporary values back (the TTL, say), and one more look at everything that was changed.
import type { Json, JsonObject } from '../json.ts'
import { isAsWanted, placeWords } from '../ports/as-wanted.ts'
import { calls } from './calls.ts'
import { change } from './change.ts'
import { judgedOrFailedWith } from './failures.ts'
import { gateId } from './questions.ts'
import { isOf, lastChange, lastKnown, touched } from './journal.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, log } from './run.ts'
import { recordFound } from './record-traffic.ts'
import { show } from './show.ts'
import type { Outcome } from './state.ts'
import { askUnderWatch } from './watch.ts'

/** A run never reports `completed` over a world that somebody changed meanwhile, or that a person let stand as it was. */
export async function complete(run: Run): Promise<Outcome> {
  checkpoint(run)
  const { state } = run
  state.phase = 'completing'
  publish(run.plan, state)
  for (let next = state.atEnd[0]; next !== undefined; next = state.atEnd[0]) {
    const { connection, target, part } = next
    // What a person let stand is not half changed.
    if (!isAdopted(run, { connection, target }))
      await orAsk(run, { connection, target }, async () => {
        await change<JsonObject>(run, { connection, target, desired: (now) => ({ ...now, ...part }) })
      })
    state.atEnd.shift() // a new history does not do it again
  }
  await Promise.all(touched(state.changes).map((of) => orAsk(run, of, () => lastLook(run, of))))
  for (const of of touched(state.changes)) if (isAdopted(run, of)) listAdopted(run, of)
  checkpoint(run)
  return state.remainder.length === 0 ? 'completed' : 'completed-with-remainder'
}

/** Whether the last thing that happened to a target was somebody else's doing. */
function isAdopted({ state }: Run, of: Of): boolean {
  return lastChange(state.changes, of)?.status === 'adopted'
}

function listAdopted(run: Run, of: Of): void {
  if (isListed(run, of)) return
  const note = `left at ${show(lastKnown(run.state.changes, of) as Json)}, which somebody else set and a person let stand`
  run.state.remainder.push({ connection: of.connection, target: of.target, note })
}

function isListed({ state }: Run, of: Of): boolean {
  return state.remainder.some((each) => isOf(each, of))
}

type Of = { connection: string; target: string }

/** So close to the end nothing goes back by itself: what fails here is a question. */
async function orAsk(run: Run, of: Of, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const failed = judgedOrFailedWith(error)
      const verb = await askUnderWatch(run, {
        kind: 'failure',
        id: gateId('end', of, 'failed'),
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
  if (isListed(run, of)) return
  const connection = connectionOf(run, of.connection)
  for (;;) {
    const seen = await calls.observe(`last look at ${of.connection} ${of.target}`, {
      connection,
      target: of.target,
    })
    checkpoint(run)
    if (isAsWanted(connection.port, seen, wanted)) return
    const places = (seen.elsewhere ?? []).map((other) => placeWords(other, show(other.value)))
    const found = [show(seen.value), ...places].join('; ')
    const verb = await askUnderWatch(run, {
      kind: 'drift',
      id: gateId('end', of, 'drift'),
      title: `${of.connection} ${of.target} is no longer as this run left it`,
      waitsFor: `a person: ${show(wanted)} expected, ${found} found${seen.writer === undefined ? '' : `, written by ${seen.writer}`}; retry = look again, approve = leave it and list it, or abort`,
      allows: ['retry', 'approve'],
    })
    if (verb === 'retry') continue
    run.state.remainder.push({ ...of, note: `found ${found} instead of ${show(wanted)}` })
    recordFound(run, of, seen.value)
    log(run, `${of.connection} ${of.target} left as found`)
    return
  }
}
