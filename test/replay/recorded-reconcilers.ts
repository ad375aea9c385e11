// Recorded runs over a reconciler: suspended and handed back, taken back from every moment of it, and what ends a suspension whose run
// is gone.
import type { Run } from '../workflow/bench.ts'
import { declaredThereAndBack } from '../workflow/runbooks.ts'
import type { RecordedRun } from './recorded-run.ts'

type Names = { service: string; world: string }

const RENEW_EVENTS = 45 // a new history both while it is suspended and while the declaration is waited for
const EDGE = { port: 'traffic', target: 'edge split' } as const
const ONE_MORE = '  - approve: { people: [ana, raj], expires: 5m, guards: [] }\n'
const OF_OLD =
  '  elder: { from: prom, query: "error_ratio($side, 1s)", side: old, max: 1%, every: 100ms, breach: 2 in a row }\n'

const abortedBehindIt: Omit<RecordedRun, 'name'> = {
  runbook: (names) => declaredThereAndBack(names, { after: ONE_MORE }),
  attend: async (run) => {
    await handedBack(run)
    await run.until('asks behind it', ({ gates }) => gates.some(({ step }) => step === 's07-approve'))
    await run.abort('recorded')
    await run.gate('restore')
    run.world.declare('gitops', [{ ...EDGE, value: { old: 100, new: 0 } }])
  },
}

export const reconciledRuns: RecordedRun[] = [
  {
    name: 'handed-back',
    runbook: (names) => declaredThereAndBack(names),
    keeps: ['run', 'expiry'],
    attend: async (run) => {
      const gate = await run.gate('approval')
      await run.decide({ verdict: 'extend', gate: gate.id, value: '5m', reason: 'recorded: more time' })
      await handedBack(run)
    },
  },
  {
    name: 'handed-back-renewed',
    runbook: (names) => declaredThereAndBack(names),
    renewEvents: RENEW_EVENTS,
    attend: handedBack,
  },
  { name: 'abort-after-handback', ...abortedBehindIt },
  { name: 'suspended-again-with-an-expiry', ...abortedBehindIt },
  {
    name: 'abort-in-handback',
    runbook: (names) => declaredThereAndBack(names),
    attend: async (run) => {
      await awaited(run)
      await run.abort('recorded')
    },
  },
  {
    name: 'breach-in-handback',
    runbook: (names) => declaredThereAndBack(names),
    attend: async (run) => {
      await awaited(run)
      run.world.set({ new: { errorRatio: 0.5 } })
    },
  },
  {
    name: 'abort-in-suspend',
    runbook: slowlySuspended,
    ...whileSuspending((run) => run.abort('recorded')),
  },
  {
    name: 'breach-in-suspend',
    runbook: slowlySuspended,
    ...whileSuspending((run) => run.world.set({ old: { errorRatio: 0.5 } })),
  },
  { name: 'expired', runbook: soonOver, keeps: ['expiry'], attend: lost },
  {
    name: 'expired-over-a-stranger',
    runbook: soonOver,
    keeps: ['expiry'],
    attend: async (run) => {
      await lost(run)
      const value = { suspended: true }
      run.world.stranger({ port: 'reconciler', target: 'reconciling', value, by: 'mallory' })
    },
  },
]

function soonOver(names: Names): string {
  return declaredThereAndBack(names, { expires: '4s' })
}

/** The run is ended by force, as with a Temporal server that is lost. */
async function lost(run: Run): Promise<void> {
  await run.gate('approval')
  await run.handle.terminate('recorded: by force')
}

/** Nothing tells whether what it had begun has ended, until the run goes back. */
function whileSuspending(
  happens: (run: Run) => Promise<void> | void,
): Pick<RecordedRun, 'prepare' | 'attend'> {
  let silence: { end(): void }
  return {
    prepare: (world) => {
      const when = { port: 'reconciler', verb: 'confirm', call: 'every' } as const
      silence = world.script([{ when, fault: { kind: 'Unavailable' } }])
    },
    attend: async (run) => {
      await run.until('waits until it is quiet', ({ holding }) => holding?.key.endsWith('/quiet') === true)
      await happens(run)
      await run.until('goes back', ({ phase }) => phase === 'unwinding')
      silence.end()
    },
  }
}

function slowlySuspended(names: Names): string {
  return declaredThereAndBack(names).replace('within: 4s', 'within: 1m').replace('steps:', `${OF_OLD}steps:`)
}

async function approved(run: Run): Promise<void> {
  const { id: gate } = await run.gate('approval')
  await run.decide({ verdict: 'approve', gate, actor: 'ana' })
}

async function awaited(run: Run): Promise<void> {
  await approved(run)
  await run.until('waits for the declaration', ({ holding }) => holding?.key.endsWith('/declared') === true)
}

async function handedBack(run: Run): Promise<void> {
  await awaited(run)
  run.world.declare('gitops', [{ ...EDGE, value: { old: 0, new: 100 } }])
}
