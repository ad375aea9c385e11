// Drift: someone else has changed what this run set. Looked for while the run waits; whose value holds is for a person to say.
import { condition } from '@temporalio/workflow'
import type { Drift, OwnValue } from '../activities.ts'
import type { Json } from '../json.ts'
import { isExactly, told } from '../ports/as-wanted.ts'
import { changingFacts } from '../ports/facts.ts'
import { failedWith } from './failures.ts'
import { ask } from './questions.ts'
import { isLastVerified, lastKnown, touched } from './journal.ts'
import { observe } from './observe.ts'
import type { Run } from './run.ts'
import { checkpoint, note, stepOf } from './run.ts'
import { recordTraffic } from './record-traffic.ts'
import { show } from './show.ts'
import type { Gate } from './state.ts'

/**
 * What this run has set and verified, and what nobody else may change while it waits. What machines change by themselves
 * (an autoscaler the number of instances) is not among it.
 */
export function ownValuesOf({ plan, state }: Pick<Run, 'plan' | 'state'>): OwnValue[] {
  return touched(state.changes)
    .filter((of) => isLastVerified(state.changes, of))
    .flatMap(({ connection: name, target }) => {
      const connection = plan.connections[name]
      if (connection === undefined || changingFacts(connection.port)?.drifts !== true) return []
      return [{ connection, target, value: lastKnown(state.changes, { connection: name, target }) as Json }]
    })
}

/** Returns when the target is again as this run set it, or a person has said that it stays as it was found. */
export async function settleDrift(run: Run, key: string, drift: Drift): Promise<void> {
  if (isAsked(run)) return await condition(() => !isAsked(run)) // a watch and a proof both see it: one question
  const { connection, target } = drift
  const known = lastKnown(run.state.changes, drift) as Json
  let { found, writer } = drift
  const id = run.state.gates.find(isCarried)?.carried ?? `${key}/drift` // whoever of them asked before a renewal
  for (;;) {
    const verb = await ask(run, {
      kind: 'drift',
      id,
      title: `${connection} ${target} was changed by ${writer ?? 'someone else'}`,
      waitsFor: `a person: set to ${show(known)}, found ${show(found)}; retry = look again, approve = go on from what is found, or abort`,
      allows: ['retry', 'approve'],
    })
    if (verb === 'approve') return adopt(run, { ...drift, found })
    try {
      const seen = await observe(run, drift, 'look again at')
      if (isExactly(told(seen), known)) return note(run, `${connection} ${target} is ${show(known)} again`)
      found = seen.value
      writer = seen.writer ?? null
    } catch (error) {
      checkpoint(run)
      note(run, `${connection} ${target} could not be looked at: ${failedWith(error).message}`)
    }
  }
}

/** Whether a person is being asked about drift. */
export function isAsked({ state }: Run): boolean {
  return state.gates.some((gate) => gate.kind === 'drift' && !isCarried(gate))
}

function isCarried({ kind, carried }: Gate): boolean {
  return kind === 'drift' && carried !== undefined
}

/** From here on their value is this run's: the next change starts from it, the way back leads over it to what was there first. */
function adopt(run: Run, { connection, target, found }: Drift): void {
  const { changes } = run.state
  const now = Date.now()
  changes.push({
    number: changes.length + 1,
    step: stepOf(run).id,
    connection,
    target,
    before: lastKnown(changes, { connection, target }) as Json,
    desired: found,
    status: 'adopted',
    verified: true,
    retried: false,
    at: now,
    appliedAt: now,
  })
  recordTraffic(run, { connection, target })
  note(run, `${connection} ${target}: going on from ${show(found)}, found and approved`)
}
