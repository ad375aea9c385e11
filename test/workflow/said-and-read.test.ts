// What the command line says to runs and reads of them when the server is slow, the history cannot be read or no worker
// answers: an abort gets through, and nothing is told that is not known.
import { Client } from '@temporalio/client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { OpenAccess } from '../../client/command.ts'
import { sayAbort } from '../../view/abort.ts'
import { say } from '../../view/decide.ts'
import { follow } from '../../view/follow.ts'
import { readRun } from '../../view/read.ts'
import { connect } from '../../client/temporal.ts'
import { temporalProblem } from '../../client/temporal-problem.ts'
import { cliWith } from '../../lab/stage/cli.ts'
import type { TestWorker } from '../../worker/testing.ts'
import { type Bench, type Run, openBench } from './bench.ts'
import { thereAndBack } from './runbooks.ts'
import { slowLine } from './slow-line.ts'

let bench: Bench
let worker: TestWorker
beforeAll(async () => {
  bench = await openBench({ worker: false })
  worker = await bench.startWorker()
})
afterAll(() => bench.close())

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function accessTo(address: string, namespace = 'default'): Promise<OpenAccess> {
  const access = await connect({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace })
  closing.push(() => access.close())
  return access
}

async function accessBy(line: Parameters<typeof slowLine>[1]): Promise<OpenAccess> {
  const { address, close } = await slowLine(bench.env.address, line)
  closing.push(close)
  return await accessTo(address)
}

const said = ({ service }: Run) => ({ service, actor: 'ana', reason: 'stop' })
const silently = () => {}

/** A run that has changed everything and waits for an answer. */
async function waiting(service?: string): Promise<Run> {
  const run = await bench.begin(thereAndBack, service === undefined ? {} : { service, world: service })
  await run.gate('approval')
  return run
}

async function expectAborted(run: Run): Promise<void> {
  expect(await run.ended()).toMatchObject({ outcome: 'restored', reason: { kind: 'abort', actor: 'ana' } })
  expect(run.world.snapshot()).toBe(run.before)
  expect((await run.state()).decisions.filter(({ accepted }) => accepted)).toHaveLength(1)
}

test('an abort gets through a line on which every answer takes seconds', async () => {
  const run = await waiting()
  const answer = await sayAbort(await accessBy({ delayMs: 1_500 }), said(run), silently)
  expect(answer.how).toBe('taken')
  await expectAborted(run)
})

test('an abort is waited for by a server that says nothing at first', async () => {
  const run = await waiting()
  await sayAbort(await accessBy({ silentMs: 6_000 }), said(run), silently)
  await expectAborted(run)
})

test('an abort needs no run that can be read: answers in another encoding do not keep it from being sent', async () => {
  const run = await waiting()
  const { connection } = bench.env.client
  const decode = async (): Promise<never> => {
    throw new Error('no key')
  }
  const dataConverter = { payloadCodecs: [{ encode: async (payloads: never) => payloads, decode }] }
  const client = new Client({ connection, dataConverter })
  const access = { client, address: '', namespace: 'default', close: async () => {} }
  await expect(readRun(access, run.service)).rejects.toThrow(/cannot be read/)
  expect(await sayAbort(access, said(run), silently)).toMatchObject({ how: 'taken', taken: { phase: null } })
  await expectAborted(run)
})

test('an abort for one run is not heard by the next one of the same plan', async () => {
  const first = await waiting()
  const firstId = first.handle.firstExecutionRunId
  await first.abort()
  await first.ended()
  const second = await waiting(first.service)
  const access = await accessTo(bench.env.address)
  await expect(sayAbort(access, { ...said(first), runId: firstId }, silently)).rejects.toThrow(
    /has ended: restored/,
  )
  const approval = { ...said(first), runId: firstId, verdict: 'approve', gate: 's06-approve' } as const
  await expect(say(access, approval)).rejects.toThrow(/has ended: restored/)
  expect(await second.state()).toMatchObject({ outcome: null, reason: null, decisions: [] })
  const { runId } = (await readRun(access, first.service, { runId: firstId.slice(0, 13) })).view
  expect(runId).toBe(firstId) // the beginning of an id is enough
  await sayAbort(access, { ...said(second), runId: second.handle.firstExecutionRunId.slice(0, 30) }, silently)
  await expectAborted(second)
})

test('what is not there is told truthfully: a run of a service, a service, a namespace', async () => {
  const run = await waiting()
  const access = await accessTo(bench.env.address)
  const other = '00000000-0000-4000-8000-000000000000'
  for (const runId of [other, other.slice(0, 8)]) {
    await expect(readRun(access, run.service, { runId })).rejects.toMatchObject({
      what: `${run.service} has no run ${runId}`,
      why: expect.stringContaining(run.handle.firstExecutionRunId),
    })
  }
  await expect(sayAbort(access, { ...said(run), service: 'nobody' }, silently)).rejects.toThrow(
    /there is no run of nobody/,
  )
  const lost: unknown = await readRun(await accessTo(bench.env.address, 'nope'), run.service).catch(
    (error) => error,
  )
  expect(temporalProblem(lost)).toMatchObject({
    what: 'the Temporal server has no namespace nope',
    todo: expect.arrayContaining([expect.stringContaining('temporal operator namespace list')]),
  })
  await sayAbort(access, said(run), silently)
  await expectAborted(run)
})

test('without a worker an abort is kept, what is not known is not told, and a worker that comes back is heard', async () => {
  const run = await waiting()
  const access = await accessTo(bench.env.address)
  await worker.stop()
  expect(await sayAbort(access, said(run), silently)).toMatchObject({
    how: 'kept',
    why: 'no worker answered in time',
    runId: run.handle.firstExecutionRunId,
  })
  const cli = cliWith({ TEMPORAL_ADDRESS: bench.env.address })
  const began = Date.now()
  const [whole, partial, report] = await Promise.all([
    cli.run(['status', run.service, '-o', 'json']),
    cli.run(['status', run.service, '--partial', '-o', 'json']),
    cli.run(['report', run.service, '--out', '/nowhere/at/all/']),
  ])
  expect(Date.now() - began).toBeGreaterThan(25_000) // a missed question is asked again
  expect([whole.code, partial.code, report.code]).toEqual([1, 0, 1])
  expect(JSON.parse(whole.stdout)).toMatchObject({
    error: {
      what: `the run of ${run.service} cannot be shown in full`,
      why: expect.stringContaining('no worker'),
    },
  })
  expect(JSON.parse(partial.stdout)).toMatchObject({
    service: run.service,
    phase: 'waiting',
    step: { index: 6, total: 6 }, // as the engine names its timers for the server
  })
  expect(report.stderr).toContain('cannot be shown in full')

  const watching = follow(access, {
    service: run.service,
    signal: AbortSignal.timeout(60_000),
    isLast: ({ outcome }) => outcome !== null,
    seen: () => {},
    lost: () => {},
    progress: () => {},
  })
  const patient = readRun(access, run.service, { isPatient: true })
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  worker = await bench.startWorker()
  expect((await patient).view.stale).toBeNull()
  expect(await watching).toMatchObject({ outcome: 'restored', stale: null, weights: { old: 100, new: 0 } })
  await expectAborted(run)
}, 120_000)
