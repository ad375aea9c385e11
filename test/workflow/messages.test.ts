// Messages of any kind: what cannot be read stops nothing, an abort is heard, and one person is one person.
import { WorkflowUpdateFailedError } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decide } from '../../workflows/messages.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }
type Payload = { metadata: { [key: string]: Uint8Array }; data: Uint8Array }

const asking =
  (approval: string) =>
  (names: Names): string =>
    `${frame(names)}steps:
  - canary: { connection: edge, weights: [50%], guards: [], unwatched: tried without guards, hold: 0ms, samples: 0 }
  - approve: { guards: [], expires: 10m, ${approval} }
`

const bytes = (text: string) => new TextEncoder().encode(text)
const ENCRYPTED: Payload = { metadata: { encoding: bytes('binary/encrypted') }, data: bytes('AAAA') }
const UNREADABLE: [string, Payload[]][] = [
  ['encoding binary/encrypted', [ENCRYPTED]],
  ['encoding json/protobuf', [{ metadata: { encoding: bytes('json/protobuf') }, data: bytes('{}') }]],
  ['it is not the JSON', [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{"actor":') }]],
  ['it does not say its encoding', [{ metadata: {}, data: bytes('{}') }]],
]

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

/** As a client with another codec, or another SDK, would. */
async function signalRaw({ handle }: Run, signalName: string, payloads: Payload[]): Promise<void> {
  await bench.env.client.workflowService.signalWorkflowExecution({
    namespace: bench.env.namespace ?? 'default',
    workflowExecution: { workflowId: handle.workflowId },
    signalName,
    input: { payloads },
    requestId: crypto.randomUUID(),
  })
}

const said = (text: string) => (run: Run) =>
  run.until(`says: ${text}`, ({ log }) => log.some((line) => line.text.includes(text)))

async function refusal(update: Promise<unknown>): Promise<string> {
  const error: unknown = await update.then(
    () => null,
    (failed: unknown) => failed,
  )
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError)
  return String((error as WorkflowUpdateFailedError).cause?.message)
}

describe.concurrent('a message that cannot be read', () => {
  test.each(UNREADABLE)('is a line in the log (%s); the run goes on', async (why, payloads) => {
    const run = await bench.begin(asking('people: [ana, raj], quorum: 2'))
    const { id } = await run.gate('approval')
    await signalRaw(run, 'approve', payloads)
    await said(`a signal approve could not be read: ${why}`)(run)
    for (const actor of ['ana', 'raj']) await run.decide({ verdict: 'approve', gate: id, actor })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test.each(UNREADABLE)('is heard when it is an abort (%s)', async (why, payloads) => {
    const run = await bench.begin(asking('quorum: 2'))
    await run.gate('approval')
    await signalRaw(run, 'abort', payloads)
    expect(await run.ended()).toMatchObject({
      outcome: 'restored',
      reason: { kind: 'abort', actor: 'someone (by signal)', via: 'signal' },
    })
    await said(`a signal abort could not be read: ${why}`)(run)
    expect(run.world.snapshot()).toBe(run.before)
  })

  test('stops nothing as a second argument, under an unknown name, as a query or as an update', async () => {
    const run = await bench.begin(asking('quorum: 2'))
    const { id } = await run.gate('approval')
    const plain = {
      metadata: { encoding: bytes('json/plain') },
      data: bytes(JSON.stringify({ actor: 'eve' })),
    }
    await signalRaw(run, 'approve', [plain, ENCRYPTED])
    await signalRaw(run, 'pause', [ENCRYPTED])
    await signalRaw(run, '__temporal_nonsense', [ENCRYPTED])
    const { workflowService } = bench.env.client
    const of = {
      namespace: bench.env.namespace ?? 'default',
      workflowExecution: { workflowId: run.handle.workflowId },
    }
    const update = async (name: string) => {
      const answer: { outcome?: { failure?: { message?: string | null } | null } | null } =
        await workflowService.updateWorkflowExecution({
          ...of,
          request: {
            meta: { updateId: crypto.randomUUID(), identity: 'test' },
            input: { name, args: { payloads: [ENCRYPTED] } },
          },
          waitPolicy: { lifecycleStage: 3 },
        })
      return answer.outcome?.failure?.message ?? 'accepted'
    }
    expect(await update('decide')).toBe('the decision could not be read: encoding binary/encrypted')
    expect(await update('nonsense')).toMatch(/No registered handler/)
    const query = (queryType: string) =>
      workflowService.queryWorkflow({
        ...of,
        execution: of.workflowExecution,
        query: { queryType, queryArgs: { payloads: [ENCRYPTED] } },
      })
    await query('state')
    await query('nonsense').catch(() => {})
    await run.decide({ verdict: 'approve', gate: id, actor: 'ana' })
    await run.decide({ verdict: 'approve', gate: id, actor: 'raj' })
    expect((await run.ended()).outcome).toBe('completed')
  })

  test('neither does one of another shape', async () => {
    const run = await bench.begin(asking('people: [ana], quorum: 1'))
    const { id } = await run.gate('approval')
    const shapes: unknown[] = ['yes', null, [], 7, { actor: { name: 'ana' } }, { gate: [id], actor: 'ana' }]
    for (const shape of shapes) {
      const payload = { metadata: { encoding: bytes('json/plain') }, data: bytes(JSON.stringify(shape)) }
      await signalRaw(run, 'approve', [payload])
      expect(await refusal(run.handle.executeUpdate(decide, { args: [shape as never] }))).toMatch(
        /could not be read/,
      )
    }
    const heard = await run.until('hears them', ({ decisions }) => decisions.length === shapes.length)
    expect(heard.decisions.map(({ accepted }) => accepted)).toEqual(shapes.map(() => false))
    expect(heard.gates[0]?.approvals).toEqual([])
    await signalRaw(run, 'abort', [
      { metadata: { encoding: bytes('json/plain') }, data: bytes('"it hurts"') },
    ])
    expect(await run.ended()).toMatchObject({ outcome: 'restored', reason: { reason: 'it hurts' } })
  })
})

describe.concurrent('one person', () => {
  test('counts once, however the name is written, and not for a run of their own', async () => {
    const run = await bench.begin(asking('people: anyone, quorum: 2'), { startedBy: 'mia' })
    const { id } = await run.gate('approval')
    const approval = (actor: string) => run.decide({ verdict: 'approve', gate: id, actor })
    for (const own of ['mia', 'Mia', 'mia ', 'ＭＩＡ', 'mi\u200ba'])
      expect(await refusal(approval(own))).toMatch(/started this run/)
    await approval('Ana')
    for (const same of ['ana', ' ANA', 'a\u200bna'])
      expect(await refusal(approval(same))).toMatch(/already approved/)
    for (const nobody of ['', '  ', '\u200b'])
      expect(await refusal(approval(nobody))).toMatch(/the name is empty/)
    expect((await approval('raj')).gates.filter(({ answer }) => answer === null)).toEqual([])
    expect((await run.ended()).outcome).toBe('completed')
    expect((await run.state()).steps[1]?.notes).toEqual(['approved by Ana, raj'])
  })

  test('is on the list, however they write themselves, and is named as the list has it', async () => {
    const run = await bench.begin(asking('people: [ana, Raj], quorum: 2'))
    const { id } = await run.gate('approval')
    const { gates } = await run.decide({ verdict: 'approve', gate: id, actor: 'Ana' })
    expect(gates[0]?.approvals).toEqual(['ana'])
    await run.decide({ verdict: 'approve', gate: id, actor: 'raj ' })
    expect((await run.ended()).outcome).toBe('completed')
    expect((await run.state()).steps[1]?.notes).toEqual(['approved by ana, Raj'])
  })
})
