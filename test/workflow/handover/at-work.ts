// A run that is in the midst of the long work of its way back.
import { startHttpServer } from '../../contract/http-server.ts'
import type { Bench, Run } from '../bench.ts'
import { handedOver } from './plans.ts'

/** `asked`: so often pages were requested when `body` begins; `requests` tells how often until now. */
export async function atWork(
  bench: Bench,
  asked: number,
  body: (run: Run, requests: () => number) => Promise<void>,
): Promise<void> {
  const pages = await startHttpServer(() => ({ body: 'warm' }))
  const requests = () => pages.received.length
  try {
    const run = await bench.begin((names) => handedOver(names, { warm: `${pages.url}/page` }))
    await run.gate('approval')
    await run.abort()
    await run.until('works', () => requests() > asked)
    await body(run, requests)
  } finally {
    await pages.end()
  }
}
