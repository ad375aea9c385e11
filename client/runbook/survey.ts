// Looks at targets and tries what a run will need through a worker, by the read-only workflow `survey`. The CLI itself
// never talks to a backend.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import type { Plan } from '../../workflows/plan.ts'
import { milliseconds } from '../../workflows/quantities.ts'
import type { Survey, SurveyInput } from '../../workflows/survey.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { withProgress } from '../output/progress.ts'
import { counted } from '../output/words.ts'
import { Problem } from '../problem.ts'
import { lastTaskOf } from '../../view/ask-worker.ts'
import { demandWorker, lastPoll } from '../../view/pollers.ts'
import { targetsToLookAt } from './preview.ts'

const BEGUN_WITHIN = '15s' // a worker that lives begins in milliseconds; a busy one in seconds
const LOOK_EVERY_MS = 1_000
const ANSWER_WITHIN = '40s' // each look and trial ends within 25 s; the rest is for a busy worker
const PREFIX = 'cutover-survey' // not a run: it must neither hold nor find the service's lock

type Request = { plan: Plan; access: TemporalAccess; signal: AbortSignal }

export function surveyIdsOf(service: string): string {
  return `${PREFIX}/${service}/`
}

/** What each target holds now and what works, or why not. Fails when no worker answers. */
export async function survey({ plan, access, signal }: Request): Promise<Survey> {
  await demandWorker(access, 'the targets cannot be looked at')
  const handle = await access.client.workflow.start('survey', {
    workflowId: `${surveyIdsOf(plan.service)}${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [{ plan, targets: targetsToLookAt(plan) } satisfies SurveyInput],
    workflowExecutionTimeout: ANSWER_WITHIN, // changes nothing, so it may end at any moment
    staticSummary: `plan of ${plan.service}: looks, changes nothing`,
  })
  const abandon = () => handle.terminate('the person asking has gone').catch(() => undefined) // it ends by itself soon
  signal.addEventListener('abort', () => void abandon(), { once: true })
  const waiting = {
    words: `looking at ${counted(plan.targets.length, 'target')}, trying ${counted(plan.guards.length, 'guard')} of ${plan.service}`,
    over: false,
  }
  try {
    const answer = await withProgress(
      () => waiting.words,
      () => Promise.race([answerOf(access, handle), begun(access, handle, waiting)]),
    )
    if (!Array.isArray(answer.trials)) throw olderWorker()
    return answer
  } catch (error) {
    await abandon()
    throw error
  } finally {
    waiting.over = true
  }
}

async function answerOf(access: TemporalAccess, handle: WorkflowHandle): Promise<Survey> {
  try {
    return (await handle.result()) as Survey
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error
    if (error.cause instanceof ApplicationFailure && error.cause.type === 'Unsupported')
      throw otherVersion(error.cause.message)
    throw unanswered(await stageOf(access, handle), { access, within: ANSWER_WITHIN, cause: error })
  }
}

/** Never returns; fails when no worker takes the survey up, long before all of it is given up. */
async function begun(
  access: TemporalAccess,
  handle: WorkflowHandle,
  waiting: { words: string; over: boolean },
): Promise<never> {
  const { words } = waiting
  const endAt = Date.now() + milliseconds(BEGUN_WITHIN)
  while (!waiting.over) {
    await wait(LOOK_EVERY_MS, undefined, { ref: false })
    const stage = await stageOf(access, handle).catch(() => null) // a slow server tells nothing; the next look may
    if (stage === 'begun') break
    waiting.words = stage === null ? 'waiting for the Temporal server' : 'waiting for a worker to begin'
    if (stage === null || Date.now() < endAt) continue
    const heard = await lastPoll(access)
    throw unanswered(stage, { access, within: BEGUN_WITHIN, cause: undefined, heard })
  }
  waiting.words = words
  return await new Promise<never>(() => {})
}

type Stage = 'not begun' | 'begun' | { failing: string }

async function stageOf({ client }: TemporalAccess, handle: WorkflowHandle): Promise<Stage> {
  const { workflowId } = handle
  const last = await client.withDeadline(Date.now() + 5_000, () => lastTaskOf(client, { workflowId }))
  return last === 'completed' ? 'begun' : (last ?? 'not begun')
}

type Waited = { access: TemporalAccess; within: string; cause: unknown; heard?: string }

function unanswered(stage: Stage, { access, within, cause, heard }: Waited): Problem {
  const what = 'the targets could not be looked at'
  if (stage === 'not begun') {
    return new Problem({
      what,
      why: `no worker took it up within ${within}${heard === undefined ? '' : `; ${heard}`}`,
      todo: ['cutover worker   starts one', 'look at the log of the one that should be there'],
      cause,
    })
  }
  const why =
    stage === 'begun'
      ? `the worker at ${access.address} began and did not end within ${within}`
      : `the worker at ${access.address} cannot carry it out: ${stage.failing}`
  return new Problem({ what, why, todo: ['look at the log of the worker'], cause })
}

function otherVersion(why: string): Problem {
  return new Problem({
    what: 'the worker cannot carry out this plan',
    why,
    todo: [
      'start a worker of this version: cutover worker',
      'and stop those of older ones, once their runs have ended',
    ],
  })
}

function olderWorker(): Problem {
  return new Problem({
    what: 'the targets could not be looked at',
    why: 'the worker is of an older version than this command: it does not try guards, journeys and secrets',
    todo: ['start a worker of this version: cutover worker'],
  })
}
