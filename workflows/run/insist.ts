// What the way back of a step does besides changes (a proof, a job, a judgement of its own) is tried for as long as it takes. After
// a failure a person is asked, and the tries go on beside the question.
import { sleep } from '@temporalio/workflow'
import type { Failed } from '../failure.ts'
import { LeftToPeople, judgedOrFailedWith } from './failures.ts'
import { ask, closeCarried } from './questions.ts'
import { skipWords } from './restore.ts'
import type { Run } from './run.ts'
import { label } from './run.ts'
import { firstOf } from './scopes.ts'
import type { Verb } from './state.ts'

const PAUSE_MS = 2_000 // between two tries beside the question, doubled each time
const PAUSE_MS_MAX = 60_000

type Answer<T> = { result: T } | { failed: Failed }

/** Returns what `attempt` came to at last. Raises `LeftToPeople` when a person skips it. */
export async function insist<T>(
  run: Run,
  about: { id: string; title: string },
  attempt: () => Promise<T>,
): Promise<T> {
  const id = about.id.replaceAll(' ', '-')
  let tried = await tryOnce(attempt)
  while (!('result' in tried)) {
    const { kind, message } = tried.failed
    const end: { verb: Verb | null; tried: Answer<T> } = { verb: null, tried }
    await firstOf([
      async () => {
        end.verb = await ask(run, {
          kind: 'restore',
          id,
          title: about.title,
          waitsFor: `a person: ${kind}: ${message}; retry = try now, skip = ${skipWords(run)}`,
          allows: ['retry', 'skip'],
        })
      },
      async () => {
        for (
          let pauseMs = PAUSE_MS;
          !('result' in end.tried);
          pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)
        ) {
          await sleep(pauseMs, { summary: `${label(run)} - until the next try` })
          end.tried = await tryOnce(attempt)
        }
      },
    ])
    if (end.verb === 'skip' && !('result' in end.tried)) {
      const { connection, target } = { connection: 'step', target: run.undo?.step ?? '' }
      run.state.remainder.push({ connection, target, note: `${about.title}: ${kind}: ${message}` })
      throw new LeftToPeople(`${about.title}: ${kind}: ${message}`)
    }
    tried = 'result' in end.tried || end.verb === null ? end.tried : await tryOnce(attempt)
  }
  closeCarried(run, id) // asked by an earlier history, and over before it was asked again
  return tried.result
}

async function tryOnce<T>(attempt: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { result: await attempt() }
  } catch (error) {
    return { failed: judgedOrFailedWith(error) }
  }
}
