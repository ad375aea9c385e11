// cutover dev: a Temporal dev server whose state stays in a file, and a worker, in one command. Not for production.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

const PORT_DEFAULT = 7233 // where every Temporal tool looks by default
const PORT_MAX = 64_535 // the UI's port stands 1000 above

export const dev: Command = {
  name: 'dev',
  usage: 'dev [--db FILE] [--port N]',
  about: 'Run a Temporal dev server and a worker in one command; Ctrl-C ends both.',
  details: `The server keeps its state in a file, so that runs go on after a restart; one server per file. Search attributes are created.
For trying things out on one machine, not for production.`,
  examples: ['cutover dev', 'cutover dev --port 7234 --db another.db'],
  flags: [
    {
      name: 'db',
      value: 'FILE',
      about: 'Where the server keeps its state; default: ~/.local/state/cutover/dev.db',
    },
    { name: 'port', value: 'N', about: `Port of the server; default ${PORT_DEFAULT}, its UI 1000 above` },
  ],
  async run({ args, flags, env, out, signal }) {
    expectArgs(args, [], this.usage)
    const port = Number(textFlag(flags, 'port') ?? PORT_DEFAULT)
    if (!Number.isInteger(port) || port < 1 || port > PORT_MAX)
      throw usageProblem('--port is not a port', ['--port 7233'])
    const { startDevServer } = await import('../dev-server.ts')
    const server = await startDevServer({ port, file: textFlag(flags, 'db'), env, signal })
    try {
      out.line(`Temporal  ${server.address}, state in ${server.file}`)
      out.line(`UI        ${server.ui}`)
      const elsewhere = port === PORT_DEFAULT ? '' : `TEMPORAL_ADDRESS=${server.address} `
      out.line(`Start     ${elsewhere}cutover start FILE`)
      out.line('Ctrl-C ends both; runs wait in the file and go on at the next start.')
      const { runWorker } = await import('../../worker/main.ts')
      const either = AbortSignal.any([signal, server.gone])
      const code = await runWorker(
        { ...env, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'default' },
        either,
      )
      if (!signal.aborted && server.gone.aborted) {
        out.error('the Temporal dev server ended by itself; its last words stand above')
        return EXIT.failed
      }
      return code
    } finally {
      await server.stop()
    }
  },
}
