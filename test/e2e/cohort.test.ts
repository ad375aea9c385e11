// Two tenants go first, on the real HAProxy under load: led and proven by asking, counted shares of the others behind them; an abort
// leads them back, in the process and in the file that a reload would read.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { haproxyWeights } from '../../lab/stage/world.ts'
import { begin, clear, decide, statusOf, underLoad } from './scene.ts'

const TEST_MS = 150_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

const edge = () => stage.lab.addresses.haproxy
const fileOfMap = () => readFileSync(edge().cohortMap, 'utf8')

async function answered(tenant: string): Promise<string | null> {
  const response = await fetch(edge().url, { headers: { 'x-tenant': tenant } })
  await response.text()
  return response.headers.get('x-side')
}
/** Both tenants ask, twenty times a second each, until told to stop; gives how many answers were no good one. */
function tenantsAsk(): { stop(): Promise<number> } {
  const over = { is: false }
  const failed = { count: 0 }
  const asking = ['acme', 'globex'].map(async (tenant) => {
    while (!over.is) {
      const side = await answered(tenant).catch(() => null)
      if (side === null) failed.count += 1
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })
  return {
    async stop() {
      over.is = true
      await Promise.all(asking)
      return failed.count
    },
  }
}

const sides = () => Promise.all(['acme', 'globex', 'somebody'].map(answered))

describe('tenants.yaml', () => {
  it(
    'leads two tenants, then all others share by share',
    async () => {
      const file = stage.runbook('tenants', { service: 'tenants', edge: 'haproxy', hold: '3s' })
      const run = begin(stage, file)
      const tenants = tenantsAsk()
      try {
        await underLoad({ name: 'tenants.yaml, forward', target: { url: edge().url } }, async () => {
          await run.line(/edge cohort: users none -> users acme,globex, verified/)
          expect(await sides()).toEqual(['new', 'new', 'old'])
          const { code, stdout } = await run.ended
          expect(code, stdout).toBe(0)
        })
      } finally {
        expect(await tenants.stop()).toBe(0)
      }
      expect(await haproxyWeights(edge())).toEqual({ old: 0, new: 100 })
      const { steps } = await statusOf(stage, 'tenants')
      const notes = steps.flatMap((step) => step.notes)
      expect(notes.filter((note) => note.includes('split proven'))).toHaveLength(3)
      expect(notes.join('\n')).toMatch(/2 members on the new side: .*3 of 3 in/)
    },
    TEST_MS,
  )

  it(
    'aborted while they are alone there: they are led back',
    async () => {
      const file = stage.runbook('tenants', { service: 'tenants-back', edge: 'haproxy', hold: '1h' })
      const run = begin(stage, file)
      await underLoad({ name: 'tenants.yaml, back', target: { url: edge().url } }, async () => {
        await run.line(/edge cohort: users none -> users acme,globex, verified/)
        expect(fileOfMap()).toBe('acme new\nglobex new\n')
        await decide(stage, ['abort', 'tenants-back', '--reason', 'they called', '--as', 'ana'])
        expect((await run.ended).code).not.toBe(0)
        expect(await sides()).toEqual(['old', 'old', 'old'])
      })
      expect(fileOfMap()).toBe('')
      expect((await statusOf(stage, 'tenants-back')).outcome).toBe('restored')
      expect(await stage.look()).toEqual(stage.start)
    },
    TEST_MS,
  )
})
