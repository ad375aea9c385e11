// Replays one recorded history against today's workflow code, and keeps the commands that the code gives on the way.
// Needs no server.
import { join } from 'node:path'
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker'
import type { InjectedSinks, WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { BUNDLE_OPTIONS } from '../../worker/bundle.ts'
import { measureSinks } from '../../worker/sinks.ts'
import type { CaptureSinks } from './capture.ts'
import { givenCommands } from './given-commands.ts'
import type { Command, RecordedHistory } from './history.ts'
import { workflowIdIn } from './history.ts'

const logger = new DefaultLogger('ERROR')

/** Today's workflows with the listener inside. A second or two: once per test file. */
export async function bundleWithCapture(): Promise<WorkflowBundleWithSourceMap> {
  Runtime.install({ logger, telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } } }) // its warnings about broken histories are what these tests are about
  return await bundleWorkflowCode({
    ...BUNDLE_OPTIONS,
    workflowInterceptorModules: [join(import.meta.dirname, 'capture.ts')],
    logger,
  })
}

/** Raises what replay raises. Resolves to the commands given, in order. */
export async function replay(
  workflowBundle: WorkflowBundleWithSourceMap,
  history: RecordedHistory,
): Promise<Command[]> {
  const activations: string[] = []
  const listener: InjectedSinks<CaptureSinks> = {
    capture: {
      activation: { fn: (_info, commands) => void activations.push(commands), callDuringReplay: true },
    },
  }
  await Worker.runReplayHistory(
    { workflowBundle, sinks: { ...listener, ...measureSinks(null) } },
    history,
    workflowIdIn(history),
  )
  return givenCommands(activations)
}
