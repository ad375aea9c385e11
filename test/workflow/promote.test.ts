// A promotion is the run's point of no return: until people have approved it, an abort is the ordinary way back; from its order on a run
// holds and asks, whatever becomes of it, and never says `restored`.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rule } from '../../activities/sim/fault.ts'
import type { JsonObject } from '../../workflows/json.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = Parameters<typeof frame>[0]

const TEST_MS = 120_000
const LATE_MS = 2_500 // long enough for a decision to come in between
const QUICK = 'samples: 0, good: 1 in a row, extend_max: 20s'
const NEW = { 'traffic edge split': { old: 0, new: 100 }, 'traffic edge stable': { stable: 'new' } }

const promoted =
  (within: string, after: string) =>
  (names: Names): string =>
    `${frame(names)}steps:
  - switch: { connection: edge, hold: 0ms, ${QUICK} }
  - promote: { connection: edge, within: ${within}, people: [ana], ${QUICK} }
${after}`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const begin = (fault?: Rule['fault'], within = '20s', after = '') =>
  bench.begin(promoted(within, after), {
    found: true,
    prepare(world) {
      const when = { port: 'traffic', verb: 'write', target: 'stable', call: 1 } as const
      if (fault !== undefined) world.script([{ when, fault }])
    },
  })
const world = (run: Run) => JSON.parse(run.world.snapshot()) as JsonObject
const ordered = (run: Run) => run.world.calls({ verb: 'write', target: 'edge stable' }).length
async function approve(run: Run): Promise<void> {
  await run.decide({ verdict: 'approve', gate: (await run.gate('approval')).id, actor: 'ana' })
}
const answer = async (run: Run, verdict: 'retry' | 'skip') =>
  run.decide({ verdict, gate: (await run.gate('failure')).id, actor: 'ana' })

describe.concurrent('a promotion', () => {
  test(
    'is made when people have approved it, and the run is complete with it',
    async () => {
      const run = await begin()
      const gate = await run.gate('approval')
      expect(gate.title).toMatch(/nothing leads back from here/)
      expect(ordered(run), 'nothing is asked for before').toBe(0)
      await approve(run)
      expect((await run.ended()).outcome).toBe('completed')
      expect(world(run)).toMatchObject(NEW)
      expect((await run.state()).pointOfNoReturn).toMatchObject({ step: 's02-promote' })
    },
    TEST_MS,
  )

  test(
    'that nobody approved is no point of no return: an abort leads back as from anywhere else',
    async () => {
      const run = await begin()
      await run.gate('approval')
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
      expect(run.world.snapshot()).toBe(run.before)
      expect(ordered(run)).toBe(0)
    },
    TEST_MS,
  )

  test(
    'that cannot be proven is no question to people: the run goes back without having asked',
    async () => {
      const run = await bench.begin(promoted('20s', ''), {
        found: true,
        prepare: (given) =>
          void given.script([
            { when: { port: 'traffic', verb: 'confirm', call: 1 }, fault: { kind: 'Denied' } },
          ]),
      })
      const { outcome, reason } = await run.ended()
      expect(outcome).toBe('restored')
      expect(reason).toMatchObject({ step: 's02-promote', failure: 'Denied' })
      expect(run.world.notices().filter(({ level }) => level === 'ask')).toEqual([])
      expect(run.world.snapshot()).toBe(run.before)
    },
    TEST_MS,
  )

  test(
    'that shows late is waited for; an abort meanwhile is refused in words, and the run completes',
    async () => {
      const run = await begin({ showsLate: LATE_MS })
      await approve(run)
      await run.until('has ordered it', (state) => state.pointOfNoReturn !== null)
      const refused = await run.decide({ verdict: 'abort' }).catch((error: unknown) => error)
      expect(String((refused as Error).cause ?? refused)).toMatch(/no abort leads from it to the old one/)
      expect((await run.ended()).outcome).toBe('completed')
      expect(ordered(run), 'one order').toBe(1)
      expect(world(run)).toMatchObject(NEW)
    },
    TEST_MS,
  )

  test(
    'that was accepted and is lost is asked about, and ordered again when a person says so',
    async () => {
      const run = await begin({ ignored: true }, '1s')
      await approve(run)
      const gate = await run.gate('failure')
      expect(gate.waitsFor).toMatch(/accepted, but it does not show within 1s/)
      expect(world(run)).toMatchObject({ 'traffic edge split': { old: 0, new: 100 } })
      await answer(run, 'retry')
      expect((await run.ended()).outcome).toBe('completed')
      expect(world(run)).toMatchObject(NEW)
    },
    TEST_MS,
  )

  test(
    'that is done in one place of two holds and asks: never restored, never complete',
    async () => {
      const run = await begin({ elsewhere: 'keeps', place: 'the route' }, '1s')
      await approve(run)
      expect((await run.gate('failure')).waitsFor).toMatch(/the route holds \{"stable":"old"\}/)
      await run.handle.cancel()
      await run.until('has refused it', ({ decisions }) => decisions.some(({ accepted }) => !accepted))
      await answer(run, 'skip')
      const { outcome, remainder } = await run.ended()
      expect(outcome).toBe('completed-with-remainder')
      expect(remainder).toMatchObject([{ target: 'stable', note: 'not set to stable new' }])
      expect(world(run)['traffic edge split']).toEqual({ old: 0, new: 100 })
    },
    TEST_MS,
  )

  test(
    'of which the answer is lost is read back: it is ordered once',
    async () => {
      const run = await begin({ lostReply: true })
      await approve(run)
      expect((await run.ended()).outcome).toBe('completed')
      expect(ordered(run)).toBe(1)
    },
    TEST_MS,
  )

  test(
    'is not ordered over users who were led back while people were asked',
    async () => {
      const run = await begin()
      const gate = await run.gate('approval')
      const back = { port: 'traffic', target: 'split', value: { old: 100, new: 0 } } as const
      run.world.stranger({ ...back, by: 'raj', as: 'person' })
      await run.decide({ verdict: 'approve', gate: gate.id, actor: 'ana' })
      expect((await run.gate('drift')).title).toMatch(/edge split was changed by raj/)
      expect(ordered(run)).toBe(0)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
      expect(run.world.snapshot()).toBe(run.before)
    },
    TEST_MS,
  )

  test(
    'that somebody else has made while people were asked is a question, not ours',
    async () => {
      const run = await begin()
      const gate = await run.gate('approval')
      const theirs = { port: 'traffic', target: 'stable', value: { stable: 'new' } } as const
      run.world.stranger({ ...theirs, by: 'raj', as: 'person' })
      await run.decide({ verdict: 'approve', gate: gate.id, actor: 'ana' })
      const drift = await run.gate('drift')
      expect(drift.title).toMatch(/edge stable was changed by raj since the plan was made/)
      await run.decide({ verdict: 'approve', gate: drift.id, actor: 'ana' })
      expect((await run.ended()).outcome).toBe('completed')
      expect(ordered(run)).toBe(0)
    },
    TEST_MS,
  )

  test(
    'that somebody else has made, and people let stand, is the point of no return all the same',
    async () => {
      const run = await begin(undefined, '20s', '  - approve: { people: [ana], expires: 5m }\n')
      const gate = await run.gate('approval')
      const theirs = { port: 'traffic', target: 'stable', value: { stable: 'new' } } as const
      run.world.stranger({ ...theirs, by: 'raj', as: 'person' })
      await run.decide({ verdict: 'approve', gate: gate.id, actor: 'ana' })
      await run.decide({ verdict: 'approve', gate: (await run.gate('drift')).id, actor: 'ana' })
      const later = await run.until('asks once more', ({ gates }) =>
        gates.some(({ step }) => step === 's03-approve'),
      )
      expect(later.pointOfNoReturn).toMatchObject({ step: 's02-promote' })
      const refused = await run.decide({ verdict: 'abort' }).catch((error: unknown) => error)
      expect(String((refused as Error).cause ?? refused)).toMatch(/no abort leads from it to the old one/)
      await approve(run)
      expect((await run.ended()).outcome).toBe('completed')
      expect(world(run), 'no users were led to a version that is gone').toMatchObject(NEW)
    },
    TEST_MS,
  )
})
