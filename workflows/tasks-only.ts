// A question must not move a run on. The SDK answers a query by all events that are in the history, also by those that no workflow
// task has taken up yet, and could not replay what follows (docs/adr/0020-a-question-moves-nothing.md).
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow'

export type Activation = { historyLength: number; historySize: number; isQuery: boolean }

/**
 * Tells of each activation of a run, in their order, whether it has no workflow task of its own.
 * Known by the size of the history, which the server tells with each task: a longer history with the size of the task before is
 * one without a task.
 */
export function taskLess(): (activation: Activation) => boolean {
  let last: Activation | null = null
  return (activation) => {
    if (activation.isQuery) return false
    // Servers before 1.20 tell no size.
    const isUntold = activation.historySize === 0
    const isTaskLess =
      !isUntold &&
      last !== null &&
      activation.historyLength > last.historyLength &&
      activation.historySize === last.historySize
    if (!isTaskLess) last = activation
    return isTaskLess
  }
}

/**
 * Refuses what has no task: the query fails, the worker forgets the run, and its next task begins from the history. Local to a
 * worker, nothing of it is in a history.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const isTaskLess = taskLess()
  return {
    internals: [
      {
        activate(input, next) {
          const { historyLength, historySizeBytes, jobs } = input.activation
          const activation = {
            historyLength: historyLength ?? 0,
            historySize: Number(historySizeBytes ?? 0),
            isQuery:
              jobs?.some(({ queryWorkflow }) => queryWorkflow !== null && queryWorkflow !== undefined) ??
              false,
          }
          if (isTaskLess(activation)) {
            throw new Error('asked while a task of this run is waiting for a worker: ask again')
          }
          next(input)
        },
      },
    ],
  }
}
