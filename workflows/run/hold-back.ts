// `hold` on the way back of a step (undo.ts): its time, and proofs for as long as they take. Nothing is watched: going back needs no
// metrics, and there is nothing to go back from.
import { sleep } from '@temporalio/workflow'
import { calls } from './calls.ts'
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
  tell(run, undo, `its step is being taken back: ${title}`)
  await together(
    [
      () => (forMs === 0 ? Promise.resolve() : sleep(leftUntil(deadline), { summary })),
      ...confirm.map((each) => () => proven(run, name, each)),
    ],
    null,
  )
  delete deadlines[name]
}

async function proven(run: Run, name: string, confirming: Confirming): Promise<void> {
  const { connection, target, desired, options, everyMs, withinMs } = confirming
  const what = `${connection} ${target}`
  const input = { connection: connectionOf(run, connection), target, desired, options, everyMs }
  const question = {
    id: `${name}/proof/${connection}/${target}`,
    title: `the effect of ${what} could not be proven on the way back`,
  }
  const { lines } = await insist(run, question, () =>
    calls.confirm(`${label(run)} - prove ${what}`, input, withinMs),
  )
  note(run, `${what} proven: ${lines.join('; ')}`)
}
