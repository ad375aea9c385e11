// Runs inside the workflow bundle: hands every command that the workflow code gives, as it gives it, to the test outside.
// Changes nothing. Must import nothing that the bundle may not hold.
import { proxySinks } from '@temporalio/workflow'
import type { Sinks, WorkflowInterceptorsFactory } from '@temporalio/workflow'

export interface CaptureSinks extends Sinks {
  capture: { activation(commands: string): void }
}

const { capture } = proxySinks<CaptureSinks>()
const decoder = new TextDecoder()

/** Bytes as text (payloads are JSON), 64-bit numbers as strings: what the outside can read without protobuf. */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return decoder.decode(value)
  const isLong = typeof value === 'object' && value !== null && 'low' in value && 'high' in value
  return isLong ? String(value) : value
}

export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      concludeActivation(input, next) {
        const output = next(input)
        capture.activation(JSON.stringify(output.commands, readable))
        return output
      },
    },
  ],
})
