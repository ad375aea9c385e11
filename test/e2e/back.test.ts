// And back: by itself when the new side fails, and when a person says so. The way back is the product.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LoadTarget } from '../../lab/load.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { begin, clear, decide, expectRestored, servedBy, statusOf, straightTo, underLoad } from './scene.ts'

const TEST_MS = 120_000 // half a minute of steps, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

const entry = (edge: 'haproxy' | 'envoy'): LoadTarget => ({ url: stage.lab.addresses[edge].url })

describe('a new side that fails at 25 %', () => {
  it.each(['haproxy', 'envoy'] as const)(
    'is left on %s with nobody involved, and everything is as before',
    async (edge) => {
      const service = `breach-${edge}`
      const file = stage.runbook('orders-canary', { service, edge, hold: '5s' })
      await underLoad({ name: service, target: entry(edge), withInjected: true }, async (load) => {
        const run = begin(stage, file)
        await run.line(/-> old 75 new 25, verified/)
        await stage.lab.fleets.new.inject({ errorRatio: 0.1 })
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(5)
        expect(stdout).toMatch(/going back: errors breached: /)
        await servedBy(load, 'old')
      })
      const view = await expectRestored(stage, service)
      expect(view.reason?.kind).toBe('breach')
      expect(view.decisions).toEqual([])
      expect(view.weights).toEqual({ old: 100, new: 0 })
      expect(view.changes.map(({ target, desired }) => [target, desired])).toEqual([
        ['new', { count: 3 }],
        ['split', { old: 95, new: 5 }],
        ['split', { old: 75, new: 25 }],
      ])
    },
    TEST_MS,
  )
})

describe('a person who aborts at 50 %', () => {
  it(
    'gets everything back, and those who watch are told so by exit code 3',
    async () => {
      const service = 'aborted'
      const file = stage.runbook('orders-canary', {
        service,
        edge: 'haproxy',
        hold: '15s',
        edit: straightTo('50%'),
      })
      await underLoad({ name: service, target: entry('haproxy') }, async (load) => {
        const run = begin(stage, file)
        await run.line(/-> old 50 new 50, verified/)
        const watching = stage.cli.follow(['watch', service])
        await watching.line(/old 50%, new 50%/)
        expect(await statusOf(stage, service)).toMatchObject({ weights: { old: 50, new: 50 }, outcome: null })
        await decide(stage, ['abort', service, '--reason', 'support is swamped', '--as', 'ana'])
        expect((await run.ended).code).toBe(3)
        const { code, stdout } = await watching.ended
        expect(code).toBe(3)
        expect(stdout).toContain('ana aborted: support is swamped')
        await servedBy(load, 'old')
      })
      const view = await expectRestored(stage, service)
      expect(view.reason).toMatchObject({ kind: 'abort', text: 'ana aborted: support is swamped' })
    },
    TEST_MS,
  )
})
