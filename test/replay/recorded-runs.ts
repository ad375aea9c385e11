// The runs whose histories are kept: one for each way a run can go. `npm run record` performs them anew.
import type { Run } from '../workflow/bench.ts'
import { brief, everything, held } from '../workflow/runbooks.ts'
import { reconciledRuns } from './recorded-reconcilers.ts'
import type { RecordedRun } from './recorded-run.ts'
import { ledRuns } from './recorded-users.ts'

const RENEW_EVENTS = 60 // a fraction of the run, so that changes, decisions and deadlines are carried at least twice

export const recordedRuns: RecordedRun[] = [
  { name: 'forward', runbook: everything, attend: approveAll },
  {
    name: 'breach',
    runbook: (names) => brief(names, { hold: '2s' }),
    attend: async (run) => {
      await run.until('is at half', ({ weights }) => weights['edge']?.new === 50)
      run.world.set({ new: { errorRatio: 0.5 } })
    },
  },
  {
    name: 'abort-at-half',
    runbook: (names) => brief(names, { hold: '5s' }),
    attend: async (run) => {
      await run.until('is at half', ({ weights }) => weights['edge']?.new === 50)
      await run.abort('recorded')
    },
  },
  {
    name: 'drift',
    runbook: (names) => brief(names, { hold: '3s' }),
    attend: async (run) => {
      await run.until('is at a tenth', ({ weights }) => weights['edge']?.new === 10)
      run.world.stranger({ port: 'traffic', target: 'split', value: { old: 80, new: 20 }, by: 'mallory' })
      await run.gate()
      await run.abort('recorded: someone else is at it')
      await run.until('asks what to do with the foreign value', ({ gates }) =>
        gates.some(({ allows }) => allows.includes('skip')),
      )
      await run.decide({ verdict: 'skip', gate: (await run.gate()).id })
    },
  },
  {
    name: 'drift-in-a-hold',
    runbook: (names) => brief(names, { hold: '10m' }),
    attend: async (run) => {
      await run.until('is at a tenth', ({ weights }) => weights['edge']?.new === 10)
      run.world.stranger({ port: 'traffic', target: 'split', value: { old: 80, new: 20 }, by: 'mallory' })
      await run.decide({ verdict: 'approve', gate: (await run.gate('drift')).id })
      await run.until(
        'holds on at theirs',
        ({ weights, phase }) => weights['edge']?.new === 20 && phase === 'holding',
      )
      await run.abort('recorded: that was not the plan')
    },
  },
  {
    name: 'evidence-outage',
    runbook: (names) => brief(names, { hold: '3s' }),
    attend: async (run) => {
      await run.until('is at a tenth', ({ weights }) => weights['edge']?.new === 10)
      const outage = run.world.outage('metrics')
      await run.gate('evidence')
      outage.end()
    },
  },
  { name: 'renewed', runbook: everything, attend: approveAll, renewEvents: RENEW_EVENTS },
  {
    name: 'floors-held',
    runbook: held,
    attend: async (run) => {
      await run.gate('approval')
      await run.abort('recorded')
    },
  },
  ...reconciledRuns,
  ...ledRuns,
]

/** Opens every gate that asks for an approval until the run has ended. */
async function approveAll(run: Run): Promise<void> {
  for (;;) {
    const now = await run.until(
      'asks or ends',
      ({ gates, outcome }) => outcome !== null || gates.some(({ allows }) => allows.includes('approve')),
    )
    if (now.outcome !== null) return
    const gate = now.gates.find(({ allows }) => allows.includes('approve'))
    if (gate === undefined) return
    await run.decide({ verdict: 'approve', gate: gate.id, digest: now.digest })
    await run.until('has taken the decision', ({ gates }) => gates.every(({ id }) => id !== gate.id))
  }
}
