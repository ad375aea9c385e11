// The first look of a run at a target. What was found when people approved the plan is what going back leads to; what is found
// now is compared with it, because hours and other people may lie between.
import { foundAtStart } from '../found.ts'
import type { Json } from '../json.ts'
import { matches } from '../json.ts'
import { isAsWanted, isExactly, mayOverwrite, placeWords } from '../ports/as-wanted.ts'
import type { Observed } from '../ports/target.ts'
import { gateId } from './questions.ts'
import { lastKnown } from './journal.ts'
import { observe } from './observe.ts'
import { isPlanned } from './planned-values.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, note, stepOf } from './run.ts'
import { show } from './show.ts'
import { askUnderWatch } from './watch.ts'

type Of = { connection: string; target: string }

/** `isReset`: the run goes on from a history that lost its tail; without that a value like ours is somebody else's. */
type Observation = Observed & { isReset?: boolean }

/** The last verified value of a target; looked at, and compared with what the plan found, when the run does not know it yet. */
export async function knownOrFound(run: Run, of: Of): Promise<Json> {
  checkpoint(run)
  const known = lastKnown(run.state.changes, of)
  if (known !== undefined) return known
  for (let isAnswered = false; ;) {
    const seen = await observe(run, of, 'look at')
    checkpoint(run)
    const strange = isAnswered ? null : strangeness(run, of, seen)
    if (strange === null) return recovered(run, of, seen) ?? seen.value
    const verb = await askUnderWatch(run, {
      kind: 'drift',
      id: gateId(`${stepOf(run).id}/found`, of),
      title: strange.title,
      waitsFor: `a person: ${strange.words}; retry = look again, approve = go on from what is found, and go back to it, or abort`,
      allows: ['retry', 'approve'],
    })
    isAnswered = verb === 'approve'
  }
}

/** Why what is found cannot be taken for the state to go back to without a person's word; null = it can. */
function strangeness(run: Run, of: Of, seen: Observation): { title: string; words: string } | null {
  const name = `${of.connection} ${of.target}`
  const { port } = connectionOf(run, of.connection)
  const planned = foundAtStart(run.plan, of)
  if (seen.isReset === true && isPlanned(run.plan, of, seen.value)) return null
  if (!isExactly(seen, seen.value)) {
    const places = (seen.elsewhere ?? []).map((other) => placeWords(other, show(other.value)))
    return {
      title: `${name} is not the same everywhere`,
      words: `${show(seen.value)} is in force, ${places.join(', ')}`,
    }
  }
  if (planned === undefined || matches(seen.value, planned)) return null
  if (isAsWanted(port, seen, planned) || mayOverwrite(port, seen)) return null // an autoscaler's count
  return {
    title: `${name} was changed by ${seen.writer ?? 'someone else'} since the plan was made`,
    words: `${show(planned)} when the plan was made, ${show(seen.value)} now`,
  }
}

/**
 * The run finds its own write and does not know it: a part of its history was lost. It is recorded with what was there before
 * it, so that the way back leads there. Returns the value; null = this is no such write.
 */
function recovered(run: Run, of: Of, { value, isReset = false }: Observation): Json | null {
  const { changes } = run.state
  const before = foundAtStart(run.plan, of)
  if (!isReset || before === undefined || !isPlanned(run.plan, of, value)) return null
  const now = Date.now()
  changes.push({
    number: changes.length + 1,
    step: stepOf(run).id,
    ...of,
    before,
    desired: value,
    status: 'applied',
    verified: true,
    retried: true, // nobody knows when it was written: it is waited for like one that may still land
    at: now,
    appliedAt: now,
  })
  note(
    run,
    `${of.connection} ${of.target} is ${show(value)}, as this plan writes it, and not ${show(before)} as when the plan was made: going back leads to ${show(before)}`,
  )
  return value
}
