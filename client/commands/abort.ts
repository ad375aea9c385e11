// cutover abort: stop a run and put everything back.
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { AS, REASON, RUN, decideBy, documentOf } from './decision.ts'

export const abort: Command = {
  name: 'abort',
  usage: 'abort SERVICE --reason TEXT [--run ID] [--as NAME] [--wait]',
  about: 'Stop a run and put everything back as it was.',
  details: `It is sent before anything is read, and tried for a minute. Where no worker answers, it is left with the
Temporal server and acts as soon as one does. Refused, with the reason, once the run has passed its point of no
return; exit code 1.
With --wait: stays until everything is back; exit code 3 then, 4 when a person is needed.`,
  examples: [
    'cutover abort orders --reason "errors in the new home"',
    'cutover abort orders --reason "called off" --wait',
  ],
  flags: [REASON, RUN, AS, { name: 'wait', about: 'Stay until everything is back' }],
  async run(invocation) {
    const { flags, out, signal, temporal } = invocation
    const spoken = await decideBy('abort', invocation, this)
    if (flags['wait'] !== true) {
      if (out.json) out.document(documentOf(spoken))
      return EXIT.done
    }
    const { attend } = await import('../run/attend.ts')
    const { runId } = spoken.answer
    return await attend({
      access: await temporal(),
      service: spoken.service,
      out,
      signal,
      ...(runId === undefined ? {} : { runId }),
    })
  },
}
