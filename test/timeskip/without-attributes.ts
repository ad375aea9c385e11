// Runs inside the workflow bundle of these tests: keeps back search attributes, which the time-skipping server cannot
// register and would hang on. Counts them, because on every other server each is an event.
import { proxySinks } from '@temporalio/workflow'
import type { Sinks, WorkflowInterceptorsFactory } from '@temporalio/workflow'

export interface KeptBackSinks extends Sinks {
  keptBack: { attributes(): void }
}

const { keptBack } = proxySinks<KeptBackSinks>()

export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      concludeActivation(input, next) {
        const { commands } = next(input)
        const others = commands.filter(({ upsertWorkflowSearchAttributes }) => {
          if (upsertWorkflowSearchAttributes) keptBack.attributes()
          return !upsertWorkflowSearchAttributes
        })
        return { commands: others }
      },
    },
  ],
})
