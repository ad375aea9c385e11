// A question must not move a run on. The SDK answers a query by all events that are in the history, also by those that no workflow
// task of this worker has taken up, and could not replay what follows (docs/adr/0020-a-question-moves-nothing.md).
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow'

/** In what a refused question fails with: whoever reads it may ask again at once. */
export const ASK_AGAIN = 'ask again'

const ALONE = 'legacy_query' // the id that the SDK gives to a query that comes with no workflow task

export type Activation = {
  historyLength: number
  /** Of the history at the start of the last workflow task that it holds, in bytes; 0 = the server does not tell. */
  historySize: number
  /** What it brings was carried out before, by this worker or by another one. */
  isReplaying: boolean
  query: 'none' | 'alone' | 'within a task'
}

/**
 * Tells of each activation of a run that a worker has in its cache, in their order, whether it must be refused: it has no
 * workflow task, or it is a question that may have brought events along that no task of this worker has taken up.
 */
export function notOfATask(): (activation: Activation) => boolean {
  const isGrownAlone = grownAlone()
  const mayHaveBrought = mayHaveBroughtEvents()
  return (activation) =>
    (activation.query === 'none' && isGrownAlone(activation)) || mayHaveBrought(activation)
}

/** The size of the history is told with each task and grows with each: a longer history of the same size is one without a task. */
function grownAlone(): (activation: Activation) => boolean {
  let last: Activation | null = null
  return (activation) => {
    const isTold = activation.historySize > 0 // servers before 1.20 tell none
    const isGrown =
      isTold &&
      last !== null &&
      activation.historyLength > last.historyLength &&
      activation.historySize === last.historySize
    if (!isGrown) last = activation
    return isGrown
  }
}

/**
 * A task that another worker has begun, and died in, has told its size: it looks like one of this worker's own. A worker that
 * has just taken a run up from its history does not know whether the one thing that it did first, beyond what was done
 * before, came with a task or with the question that follows. It knows once it was asked before, or once there was a further task.
 */
function mayHaveBroughtEvents(): (activation: Activation) => boolean {
  let taken: 'nothing' | 'by itself' | { once: number } = 'nothing'
  let isFirst = true
  return ({ historyLength, isReplaying, query }) => {
    const beganHere = isFirst && query === 'none' && !isReplaying // the first task of the run: nobody can ask before it
    isFirst = false
    if (taken === 'by itself') return false
    if (query === 'alone' && taken !== 'nothing') return true
    const isFurther = taken !== 'nothing' && historyLength !== taken.once
    if (query !== 'none' || beganHere || isFurther) taken = 'by itself'
    else if (!isReplaying) taken = { once: historyLength }
    return false
  }
}

/**
 * Refuses it: the query fails, the worker forgets the run, and its next task begins from the history. Local to a worker,
 * nothing of it is in a history.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const isRefused = notOfATask()
  return {
    internals: [
      {
        activate(input, next) {
          const { historyLength, historySizeBytes, isReplaying, jobs } = input.activation
          const asked = jobs?.map(({ queryWorkflow }) => queryWorkflow?.queryId).find(Boolean)
          const activation: Activation = {
            historyLength: historyLength ?? 0,
            historySize: Number(historySizeBytes ?? 0),
            isReplaying: isReplaying ?? false,
            query: asked === undefined ? 'none' : asked === ALONE ? 'alone' : 'within a task',
          }
          if (isRefused(activation))
            throw new Error(`asked while a task of this run may be waiting for a worker: ${ASK_AGAIN}`)
          next(input)
        },
      },
    ],
  }
}
