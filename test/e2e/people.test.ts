// Decisions as people make them, on the drill that is safe in production: who may, who may not, and what they are told.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Runbook } from '../../lab/stage/runbook.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { STARTER, begin, clear, decide, expectRestored, gateIn, statusOf, underLoad } from './scene.ts'

const TEST_MS = 120_000 // half a minute of steps and a dozen commands, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

const target = () => ({ url: stage.lab.addresses.haproxy.url })

/** Says a decision and expects that it is refused; gives the reason. */
async function refused(words: string[]): Promise<string> {
  const said = await stage.cli.run(words)
  expect(said, said.stderr).toMatchObject({ code: 1 })
  expect(said.stderr).not.toMatch(/^\s+at /m) // no stack for a person's mistake
  return said.stderr
}

describe('drill.yaml', () => {
  it(
    'takes yes from those who may say it, says why not to the others, and changes nothing',
    async () => {
      const file = stage.runbook('drill', { service: 'drill', edit: withList })
      const approve = (name: string, gate: string) => ['approve', 'drill', '--gate', gate, '--as', name]
      await underLoad({ name: 'drill', target: target() }, async () => {
        const run = begin(stage, file)
        const first = gateIn(await run.line(/asking: First question/))
        const again = await refused(['start', file, '--yes', '--as', 'raj'])
        expect(again).toContain('a run of drill is already under way')
        expect(again).toMatch(new RegExp(`started by ${STARTER}`))

        expect(await refused(approve('ana', 's99-approve'))).toMatch(
          /gate s99-approve is not open; open: s03/,
        )
        expect(await refused(approve(STARTER, first))).toContain('started this run and cannot approve it')
        expect(await refused(['retry', 'drill', '--gate', first, '--reason', 'x', '--as', 'ana'])).toContain(
          'takes approve; not retry',
        )
        await decide(stage, approve('ana', first))

        const second = gateIn(await run.line(/asking: Second question/))
        expect(await refused(approve('raj', first))).toContain(`${first} was already decided: approve by ana`)
        expect(await refused(approve('mallory', second))).toContain('mallory is not on the list')
        expect(await decide(stage, approve('ana', second))).toContain('1 more needed')
        expect(await refused(approve('ana', second))).toContain('ana has already approved')
        expect((await statusOf(stage, 'drill')).gates).toMatchObject([
          { id: second, approvals: ['ana'], quorum: 2 },
        ])
        await decide(stage, ['approve', 'drill', '--as', 'raj']) // the only open gate needs no name
        expect((await run.ended).code).toBe(0)
      })
      const view = await statusOf(stage, 'drill')
      expect(view).toMatchObject({ outcome: 'completed', changes: [], gate: null })
      expect(view.decisions.map(({ actor }) => actor)).toEqual(['ana', 'ana', 'raj'])
      expect(await stage.look()).toEqual(stage.start)
      expect(await refused(['abort', 'drill', '--reason', 'too late'])).toContain('has ended: completed')
    },
    TEST_MS,
  )

  it(
    'ends at a word while it asks, and can be started again',
    async () => {
      const file = stage.runbook('drill', { service: 'drill' })
      await underLoad({ name: 'drill, aborted', target: target() }, async () => {
        const run = begin(stage, file)
        await run.line(/asking: First question/)
        const said = await stage.cli.run([
          'abort',
          'drill',
          '--reason',
          'enough practice',
          '--as',
          'ana',
          '--wait',
        ])
        expect(said.code, said.stdout + said.stderr).toBe(3)
        expect((await run.ended).code).toBe(3)
      })
      const view = await expectRestored(stage, 'drill')
      expect(view.changes).toEqual([])
      const started = await stage.cli.json<{ runId: string }>(['start', file, '--yes'])
      expect(started.runId).not.toBe(view.runId)
    },
    TEST_MS,
  )
})

/** The second question has a list of people. */
function withList(runbook: Runbook): void {
  const last = runbook.steps.findLast((step) => 'approve' in step)
  Object.assign(last?.['approve'] ?? {}, { people: ['ana', 'raj'] })
}
