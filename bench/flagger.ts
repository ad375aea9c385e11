// `npm run bench:flagger`: breach -> restored beside Flagger. Prints the row; asserts no time.
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { breachBesideFlagger } from './measures/flagger.ts'
import { block } from './report/table.ts'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  shutdownSignals: [],
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})
for (const row of await breachBesideFlagger()) process.stdout.write(`${block(row)}\n`)
