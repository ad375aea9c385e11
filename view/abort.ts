// The abort: sent before anything is read. By update to whoever answers, at once; then as a signal, which the server keeps;
// for as long as the server lets it wait. What is learned meanwhile only says to which run the signal goes.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { Client, WorkflowHandle } from '@temporalio/client'
import { workflowIdOf } from '../workflows/messages.ts'
import type { Decision } from '../workflows/run/state.ts'
import type { TemporalAccess } from './access.ts'
import { whySilent } from './ask-worker.ts'
import { notFound, runIdOf, toRun } from './chain.ts'
import type { Answer, DecisionRequest } from './decide.ts'
import { ended, isUnanswered, leave, refusalOf, update } from './decide.ts'
import { readRun } from './read.ts'
import { serverErrorOf } from './server-error.ts'
import { RunTrouble } from './trouble.ts'

const TRIES_WITHIN_MS = 60_000 // an emergency: longer than any other command tries
const AGAIN_AFTER_MS = 500
const WHY_WITHIN_MS = 3_000 // the abort is with the server by then; a person waits for the explanation

/** Works without a worker, with a slow server, over a history that cannot be read. */
export async function sayAbort(
  access: TemporalAccess,
  said: Omit<DecisionRequest, 'verdict' | 'gate'>,
  progress: (line: string) => void,
): Promise<Answer> {
  const { client } = access
  const workflowId = workflowIdOf(said.service)
  const decision: Decision = {
    decisionId: randomUUID(),
    gate: null,
    verdict: 'abort',
    actor: said.actor,
    reason: said.reason,
    digest: null, // it is about the run, whatever its plan says
  }
  const named = said.runId === undefined ? undefined : await runIdOf(access, said.service, said.runId)
  const meant = named === undefined ? openRunOf(client, workflowId) : { runId: named }
  const inRun = <T>(send: (handle: WorkflowHandle) => Promise<T>): Promise<T> =>
    meant.runId === undefined
      ? send(client.workflow.getHandle(workflowId))
      : toRun(client, { workflowId, runId: meant.runId }, send)
  try {
    // The run under way is the one that is meant: named by its service, until it is known by its own id.
    const answer = await (named === undefined
      ? update(access, client.workflow.getHandle(workflowId), decision)
      : inRun((handle) => update(access, handle, decision)))
    if (answer !== null) return { how: 'taken', decision, ...answer }
    progress(`no answer yet: the abort is left with the Temporal server as a signal`)
    await persist(() => inRun((handle) => leave(access, handle, decision)))
  } catch (error) {
    throw await toldAs(error, access, { ...said, runId: named ?? meant.runId })
  }
  const silent = await Promise.race([whySilent(access, { workflowId }), wait(WHY_WITHIN_MS, null)])
  return { how: 'kept', decision, why: silent ?? 'no worker answered in time', runId: meant.runId }
}

/**
 * The run that is open when the abort is sent, found beside it: once it is known, the signal goes to no other. A server
 * that does not tell keeps no abort from being sent.
 */
function openRunOf(client: Client, workflowId: string): { runId: string | undefined } {
  const found: { runId: string | undefined } = { runId: undefined }
  void client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ runId, status }) => {
        if (status.name === 'RUNNING') found.runId = runId
      },
      () => undefined, // the abort itself tells what is wrong
    )
  return found
}

async function persist(send: () => Promise<void>): Promise<void> {
  const end = Date.now() + TRIES_WITHIN_MS
  for (;;) {
    try {
      return await send()
    } catch (error) {
      if (!isUnanswered(error) || Date.now() >= end) throw error
      await wait(AGAIN_AFTER_MS)
    }
  }
}

async function toldAs(
  error: unknown,
  access: TemporalAccess,
  said: Omit<DecisionRequest, 'verdict'>,
): Promise<unknown> {
  if (error instanceof WorkflowNotFoundError) return await noOpenRun(error, access, said)
  const refused = refusalOf(error, { ...said, verdict: 'abort' })
  if (refused !== undefined) return refused
  if (serverErrorOf(error) === undefined) return error
  const { service } = said
  return new RunTrouble(
    { code: 'not-sent', service, workflowId: workflowIdOf(service), verdict: 'abort' },
    { what: `the abort of ${service} was not sent`, cause: error },
  )
}

/** There is nothing to abort: the run has ended, or there was none. */
async function noOpenRun(
  cause: unknown,
  access: TemporalAccess,
  { service, runId }: Omit<DecisionRequest, 'verdict'>,
): Promise<RunTrouble> {
  try {
    const { view } = await readRun(access, service, { runId })
    return ended(view)
  } catch {
    return await notFound(access, { service, runId, cause })
  }
}
