// cutover worker: runs the worker process until it is told to end.
import { expectArgs } from '../arguments.ts'
import type { Command } from '../command.ts'
import { VARIABLES } from '../../worker/config.ts'

export const worker: Command = {
  name: 'worker',
  usage: 'worker',
  about: 'Run a worker: it carries out the runs. Configured by the environment.',
  details: `Ctrl-C or SIGTERM lets work in hand finish, then ends. Runs are not lost while no worker is up:
they go on where they were as soon as one is.

${variables()}`,
  examples: [
    'cutover worker',
    'CUTOVER_COMMAND_FOLDER=/etc/cutover/commands cutover worker --namespace prod',
  ],
  flags: [],
  async run({ args, env, signal, temporal }) {
    expectArgs(args, [], this.usage)
    await temporal() // waits for the server, and says why it is not there better than the worker's own connection could
    const { runWorker } = await import('../../worker/main.ts')
    return await runWorker(env, signal)
  },
}

/** What may be set, with what holds otherwise. */
function variables(): string {
  const lines = Object.entries(VARIABLES).map(([name, { about, fallback }]) => {
    const otherwise = fallback === null || fallback === '' ? '' : ` (${fallback})`
    return `  ${name}\n      ${about}${otherwise}`
  })
  return ['Variables, with what holds when they are not set', ...lines].join('\n')
}
