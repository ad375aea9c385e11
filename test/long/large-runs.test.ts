// The largest runbook: 99 steps under 20 guards, and people who say too much. What is carried, queried and answered stays small.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reportHtml } from '../../client/output/report-html.ts'
import { until } from '../../lab/until.ts'
import { reportOf } from '../../view/report.ts'
import { runView } from '../../view/run-view.ts'
import { approve } from '../../workflows/messages.ts'
import { openBench } from '../workflow/bench.ts'
import type { Bench } from '../workflow/bench.ts'
import { frame } from '../workflow/runbooks.ts'

const FACTS = { uiLink: 'http://127.0.0.1:8233/run', sha256: 'abc' }

const BYTES_MAX = 500_000 // of 2 MiB that a payload may have
const ANSWER_BYTES_MAX = 10_000
const TEST_MS = 480_000 // 97 holds of three looks each

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

test(
  'it stays a small document, whatever is said to it; decided, reported and turned back at its end as any other',
  async () => {
    const guards = Array.from(
      { length: 19 },
      (_, number) =>
        `  guard-${number}: { from: prom, query: "latency_p95($side, 1s)", max: 800ms, every: 100ms }\n`,
    ).join('')
    const hold = '  - hold: { for: 250ms, good: 1 in a row }\n'
    const run = await bench.begin(
      (names) => `${frame(names, guards)}steps:
  - canary: { connection: edge, weights: [50%], guards: [], unwatched: tried without guards, hold: 0ms, samples: 0 }
${hold.repeat(97)}  - approve: { people: [ana, raj], quorum: 2, expires: 1h, guards: [] }
`,
    )
    const long = 'x'.repeat(10_000)
    await run.until('asks', ({ gates }) => gates.length > 0).catch(() => {}) // longer than other runs take
    const { id } = await run.gate('approval')
    for (let number = 0; number < 300; number++)
      await run.handle.signal(approve, { actor: `bot ${number} ${long}`, reason: long, gate: long })
    // Said again until it is answered, as the command line does: a task of the run may time out on a busy machine.
    const decision = { verdict: 'approve', gate: id, actor: 'ana', reason: long, decisionId: 'ana' } as const
    const answer = await until('the approval is answered', () => run.decide(decision), 60_000)
    expect(JSON.stringify(answer).length).toBeLessThan(ANSWER_BYTES_MAX)
    const state = await run.state()
    const bytes = JSON.stringify(state).length
    console.log(`99 steps, 20 guards, 300 refused signals: ${Math.round(bytes / 1_000)} kB of state`)
    expect(bytes).toBeLessThan(BYTES_MAX)
    expect(state.decisions.filter(({ accepted }) => accepted)).toMatchObject([{ actor: 'ana' }])
    expect(state.decisions.find(({ accepted }) => accepted)?.reason.length).toBe(1_000)
    const pairs = Object.values(state.sums).flatMap((subjects) => Object.keys(subjects))
    expect(pairs).toHaveLength(97 * 20)
    const described = {
      workflowId: '',
      runId: '',
      status: 'RUNNING',
      startedAt: null,
      endedAt: null,
      pending: [],
    }
    const told = { state, plan: run.plan }
    const report = reportOf(told, runView(told, described), {
      writtenAt: new Date().toISOString(),
      writtenBy: '0.0.0',
    })
    expect(report.guards).toHaveLength(20)
    expect(reportHtml(report, FACTS)).toContain('guard-18')
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)
