// `hold` on the way back of a step (undo.ts): its time, and proofs for as long as they take. Nothing is watched: going back needs no
// metrics, and there is nothing to go back from.
import { sleep } from '@temporalio/workflow'
import { calls } from './calls.ts'
import { changeBack } from './change-back.ts'
import { failedWith } from './failures.ts'
import type { Confirming, Holding } from './holding.ts'
import { insist } from './insist.ts'
import type { Run } from './run.ts'
import { connectionOf, label, note } from './run.ts'
import { together } from './scopes.ts'
import type { Undo } from './state.ts'
import { leftUntil } from './time.ts'
import { tell } from './way-back.ts'

/** Returns when the time is over and every proof is there. A new history goes on with the same deadline. */
export async function holdBack(run: Run, undo: Undo, { key, title, forMs, confirm }: Holding): Promise<void> {
  const { deadlines } = run.state
  const name = `${undo.step}/undo/${key}`
  const deadline = (deadlines[name] ??= Date.now() + forMs)
  const summary = `${label(run)} - ${title}: until ${new Date(deadline).toISOString()}`
  tell(run, undo, `its step is being undone: ${title}`)
  const time = () => (forMs === 0 ? Promise.resolve() : sleep(leftUntil(deadline), { summary }))
  for (let unproven = confirm; ;) {
    const overwritten: Confirming[] = []
    const proofs = unproven.map((each) => async () => {
      if (!(await proven(run, name, each))) overwritten.push(each)
    })
    await together([time, ...proofs], null)
    if (overwritten.length === 0) break
    for (const each of overwritten) await changeBack(run, undo, each)
    unproven = overwritten
  }
  delete deadlines[name]
}

/**
 * False: the target holds another value than this way back has set. A part of the run whose history was lost may have gone further;
 * what is set again goes over its values, and asks about a stranger's.
 */
async function proven(run: Run, name: string, confirming: Confirming): Promise<boolean> {
  const { connection, target, desired, options, everyMs, withinMs } = confirming
  const what = `${connection} ${target}`
  const input = { connection: connectionOf(run, connection), target, desired, options, everyMs }
  const question = {
    id: `${name}/proof/${connection}/${target}`,
    title: `the effect of ${what} could not be proven on the way back`,
  }
  const seen = await insist(run, question, async () => {
    try {
      return await calls.confirm(`${label(run)} - prove ${what}`, input, withinMs)
    } catch (error) {
      if (failedWith(error).kind === 'Conflict') return null
      throw error
    }
  })
  if (seen !== null) note(run, `${what} proven: ${seen.lines.join('; ')}`)
  return seen !== null
}
