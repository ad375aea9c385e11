// capacity/command, offline half: what a runbook may say of it and what plans rely on. No client code from here.
import { z } from 'zod'
import { CallTimeout, CommandLine } from '../../config.ts'
import { defineSpec } from '../../provider.ts'

export const CommandConfig = z.strictObject({
  observe: CommandLine.describe(
    'Executable and arguments that print {"count","ready"} of the target given on stdin',
  ),
  apply: CommandLine.describe('Executable and arguments that set the desired count given on stdin'),
  timeout: CallTimeout.default('3s').describe('How long one call may take; then SIGTERM, then SIGKILL'),
})

export type CommandConfig = z.infer<typeof CommandConfig>

export const spec = defineSpec({
  id: 'capacity/command',
  port: 'capacity',
  summary: "instance counts through executables of the worker's owner",
  config: CommandConfig,
  supports: {
    port: 'capacity',
    compareAndSet: false, // an executable may compare (exit 73); that every one does cannot be promised
    landsWithin: '10s', // killed with its whole group at 4s; what it has sent to its backend may still be on the way
    noticesWithin: '5m', // where it reports a floor: autoscalers look back over minutes
    showsWithin: '30s', // behind the executables stand APIs that answer before they act
    proof: 'instances that the observe executable reports as ready',
    cautions: [
      'compare-and-set only as far as the apply executable compares `expected` itself (exit 73)',
      'what the executables may touch is decided by the worker account they run as',
    ],
  },
  locks: (config, target) => [`command:${config.observe.join(' ')}:${target}`],
})
