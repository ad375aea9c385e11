// cutover abort: stop a run and put everything back.
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { AS, REASON, decideBy, documentOf } from './decision.ts'

export const abort: Command = {
  name: 'abort',
  usage: 'abort SERVICE --reason TEXT [--as NAME] [--wait]',
  about: 'Stop a run and put everything back as it was.',
  details: `Refused, with the reason, once the run has passed its point of no return; exit code 1.
Where no worker answers, the abort is left with the Temporal server and acts as soon as one does.
With --wait: stays until everything is back; exit code 3 then, 4 when a person is needed.`,
  flags: [REASON, AS, { name: 'wait', about: 'Stay until everything is back' }],
  async run(invocation) {
    const { flags, out, signal, temporal } = invocation
    const spoken = await decideBy('abort', invocation, this.usage)
    if (flags['wait'] !== true) {
      if (out.json) out.document(documentOf(spoken))
      return EXIT.done
    }
    const { attend } = await import('../run/attend.ts')
    return await attend({ access: await temporal(), service: spoken.service, out, signal })
  },
}
