// What people say, and when it counts: quorum, lists, expiry, doubles, lateness, and the point after which nothing goes back.
import { WorkflowUpdateFailedError } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { abort, approve } from '../../workflows/messages.ts'
import { eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const QUICK = 'guards: [], unwatched: people decide here, hold: 0ms, samples: 0'
const MOVE = `  - canary: { connection: edge, weights: [50%], ${QUICK} }\n`
const asking =
  (approvals: string[], after = '') =>
  (names: Names): string =>
    `${frame(names)}steps:\n${MOVE}${approvals.map((one) => `  - approve: { guards: [], ${one} }\n`).join('')}${after}`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

async function refusal(said: Promise<unknown>): Promise<string> {
  const error: unknown = await said.then(
    () => null,
    (failed: unknown) => failed,
  )
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError)
  return String((error as WorkflowUpdateFailedError).cause?.message)
}

async function restored(run: Run): Promise<void> {
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
}

describe.concurrent('decisions', () => {
  test('a quorum counts different people, and only those on the list', async () => {
    const run = await bench.begin(asking(['people: [ana, raj, kim], quorum: 2, expires: 5m']))
    const { id } = await run.gate('approval')
    await run.decide({ verdict: 'approve', gate: id, actor: 'ana' })
    expect(await refusal(run.decide({ verdict: 'approve', gate: id, actor: 'ana' }))).toMatch(
      /already approved/,
    )
    expect(await refusal(run.decide({ verdict: 'approve', gate: id, actor: 'eve' }))).toMatch(
      /not on the list/,
    )
    expect((await run.state()).gates.map((gate) => gate.id)).toEqual([id])
    await run.decide({ verdict: 'approve', gate: id, actor: 'raj' })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test('whoever started the run cannot approve it, unless the runbook says so', async () => {
    const [strict, lenient] = await Promise.all([
      bench.begin(asking(['expires: 5m']), { startedBy: 'ana' }),
      bench.begin(asking(['expires: 5m, self_approval: true']), { startedBy: 'ana' }),
    ])
    const gate = await strict.gate('approval')
    expect(await refusal(strict.decide({ verdict: 'approve', gate: gate.id }))).toMatch(/started this run/)
    await strict.handle.signal(approve, { actor: 'ana', gate: gate.id })
    await strict.until('writes the refusal down', (state) => state.decisions.length === 1)
    expect((await strict.state()).gates).toHaveLength(1)
    await strict.decide({ verdict: 'approve', gate: gate.id, actor: 'raj' })
    await lenient.decide({ verdict: 'approve', gate: (await lenient.gate('approval')).id })
    for (const run of [strict, lenient]) expect((await run.ended()).outcome).toBe('completed')
  })

  test('a late or doubled approval never opens the next gate', async () => {
    const run = await bench.begin(asking(['expires: 5m', 'expires: 5m']))
    const first = await run.gate('approval')
    await run.decide({ verdict: 'approve', gate: first.id, decisionId: 'once' })
    const second = await run.until(
      'asks again',
      ({ gates }) => gates.length === 1 && gates[0]?.id !== first.id,
    )
    await run.decide({ verdict: 'approve', gate: first.id, decisionId: 'once' }) // a retried request: no refusal, no effect
    expect(await refusal(run.decide({ verdict: 'approve', gate: first.id }))).toMatch(/already decided/)
    expect(await refusal(run.decide({ verdict: 'approve', gate: 'nonsense' }))).toMatch(/not open/)
    expect(await refusal(run.decide({ verdict: 'approve' }))).toMatch(/names its gate/)
    await run.handle.signal(approve, { gate: first.id, actor: 'raj' })
    await run.handle.signal(approve, { actor: 'raj' })
    await run.until('has heard both', (state) => state.decisions.filter((one) => !one.accepted).length === 2)
    expect((await run.state()).gates[0]).toMatchObject({ id: second.gates[0]?.id, approvals: [] })
    await run.abort()
    await restored(run)
  })

  test('refused updates leave nothing in history', async () => {
    const run = await bench.begin(asking(['people: [raj], expires: 5m']))
    const { id } = await run.gate('approval')
    for (const gate of [id, 'nonsense', null])
      await refusal(run.decide({ verdict: 'approve', gate, actor: 'eve' }))
    const { events } = await run.handle.fetchHistory()
    const updates = (events ?? []).filter((event) => /update/i.test(event.attributes ?? ''))
    expect(updates.map(({ attributes }) => attributes)).toEqual([])
    expect((await run.state()).decisions).toEqual([])
    await run.abort()
    await restored(run)
  })

  test('a decision about another plan, or one the gate does not take, is refused', async () => {
    const run = await bench.begin(asking(['expires: 5m']))
    const { id } = await run.gate('approval')
    expect(await refusal(run.decide({ verdict: 'approve', gate: id, digest: 'f'.repeat(64) }))).toMatch(
      /about plan/,
    )
    expect(await refusal(run.decide({ verdict: 'abort', digest: 'f'.repeat(64) }))).toMatch(/about plan/)
    expect(await refusal(run.decide({ verdict: 'skip', gate: id }))).toMatch(/takes approve/)
    await run.decide({ verdict: 'approve', gate: id, digest: run.plan.digest })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test('nobody decides in time: the run goes back, or stays open when told to hold', async () => {
    const [back, held] = await Promise.all([
      bench.begin(asking(['expires: 500ms'])),
      bench.begin(asking(['expires: 500ms, on_expiry: hold'])),
    ])
    await restored(back)
    expect((await back.state()).reason).toMatchObject({ kind: 'expired' })
    const { id } =
      (await held.until('has expired', (state) => state.gates[0]?.expires === null)).gates[0] ?? {}
    await held.decide({ verdict: 'approve', gate: id as string })
    expect((await held.ended()).outcome).toBe('completed')
  })

  test('past the point of no return nothing goes back: not by abort, cancel, signal or an expired question', async () => {
    const gone = `  - decommission: { connection: fleet, side: old, guards: [], good: 1 in a row, idle_proof: { from: prom, query: "requests(old, 100ms)", for: 100ms, every: 100ms }, self_approval: true }\n`
    const later = '  - approve: { guards: [], expires: 500ms }\n'
    const run = await bench.begin((names) =>
      `${frame(names)}steps:\n  - switch: { connection: edge, ${QUICK} }\n${gone}${later}`.replace(
        / {4}clients:\n.*\n/,
        '',
      ),
    )
    await run.decide({ verdict: 'approve', gate: (await run.gate('approval')).id })
    await run.until(
      'takes capacity away and asks again',
      (state) => state.pointOfNoReturn !== null && state.gates.length > 0,
    )
    expect(await refusal(run.decide({ verdict: 'abort' }))).toMatch(/too late to abort/)
    await run.handle.signal(abort, { actor: 'ana' })
    await run.handle.cancel()
    await run.until(
      'has refused both',
      (state) => state.decisions.filter((one) => !one.accepted).length === 2,
    )
    const { id } =
      (await run.until('outlives the expiry', (state) => state.gates[0]?.expires === null)).gates[0] ?? {}
    await run.decide({ verdict: 'approve', gate: id as string })
    expect((await run.ended()).outcome).toBe('completed')
    expect(JSON.parse(run.world.snapshot())).toMatchObject({ 'capacity old': { count: 0 } })
  })

  test('an accepted abort is honoured until the very end, or refused', async () => {
    const run = await bench.begin(asking([]), {})
    await eventually('gives the locks back', async () => {
      const said = await run.decide({ verdict: 'abort' }).catch((error: unknown) => error)
      return said instanceof Error || (said as { phase?: string }).phase !== undefined
    })
    const { outcome, reason } = await run.ended()
    expect(outcome).toBe(reason === null ? 'completed' : 'restored')
  })
})

test('a signal while no worker is up is honoured when one comes', async () => {
  const lonely = await openBench()
  try {
    const [approved, aborted] = await Promise.all([
      lonely.begin(asking(['expires: 5m'])),
      lonely.begin(asking(['expires: 5m'])),
    ])
    const { id } = await approved.gate('approval')
    await aborted.gate('approval')
    await lonely.stopWorkers()
    await approved.handle.signal(approve, { gate: id, actor: 'ana' })
    await aborted.handle.signal(abort, { actor: 'ana' })
    await lonely.startWorker()
    expect((await approved.ended()).outcome).toBe('completed')
    await restored(aborted)
  } finally {
    await lonely.close()
  }
})
