// Services with several edges on real servers: a pair of HAProxy that is moved as one, and two regions, one after the other.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Addresses } from '../../lab/addresses.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { haproxyWeights } from '../../lab/stage/world.ts'
import { until } from '../../lab/until.ts'
import { begin, clear, decide, servedBy, statusOf, straightTo, underLoad } from './scene.ts'

const TEST_MS = 150_000 // two regions of a quarter of a minute, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ also: ['partner', 'eastHaproxy'] })
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

type EdgeName = 'haproxy' | 'partner' | 'eastHaproxy'

const at = (edge: EdgeName): Addresses['haproxy'] => stage.lab.addresses[edge]
const entry = (edge: EdgeName) => ({ url: at(edge).url })
const weights = (...edges: EdgeName[]) => Promise.all(edges.map((edge) => haproxyWeights(at(edge))))

const OLD = { old: 100, new: 0 }
const NEW = { old: 0, new: 100 }

describe('a pair', () => {
  it(
    'is moved as one, proven on both, and no request of either fails',
    async () => {
      const service = 'pair'
      const file = stage.runbook('pair', { service, hold: '3s' })
      await underLoad({ name: 'pair, edge-a', target: entry('haproxy') }, (a) =>
        underLoad({ name: 'pair, edge-b', target: entry('partner') }, async (b) => {
          const { code, stdout } = await begin(stage, file).ended
          expect(code, stdout).toBe(0)
          expect(stdout).toMatch(/edge-a old 0%, new 100%; edge-b old 0%, new 100%/)
          await Promise.all([servedBy(a, 'new'), servedBy(b, 'new')])
        }),
      )
      expect(await weights('haproxy', 'partner')).toEqual([NEW, NEW])
      const { edges, steps } = await statusOf(stage, service)
      expect(edges).toEqual([
        { connection: 'edge-a', weights: NEW },
        { connection: 'edge-b', weights: NEW },
      ])
      const proofs = steps.flatMap(({ notes }) => notes).filter((note) => note.includes('split proven'))
      expect(proofs).toHaveLength(8)
    },
    TEST_MS,
  )

  it(
    'of which one is killed: an abort brings the other back at once, and the run is restored when both are',
    async () => {
      const service = 'pair-killed'
      const file = stage.runbook('pair', { service, hold: '1h', edit: straightTo('25%') })
      const { partner } = stage.lab.servers
      const run = begin(stage, file)
      await underLoad({ name: 'pair, edge-a', target: entry('haproxy') }, async (load) => {
        await run.line(/edge-b split: old 100 new 0 -> old 75 new 25, verified/)
        await partner.kill()
        await decide(stage, ['abort', service, '--reason', 'edge-b is gone', '--as', 'ana'])
        await servedBy(load, 'old')
        expect(await weights('haproxy')).toEqual([OLD])
        await until('a person is asked about the one that is gone', async () => {
          const { outcome, gates } = await statusOf(stage, service)
          return outcome === 'stuck' && gates.length === 1 && gates[0]?.title.includes('edge-b split')
        })
        const { restorations } = await statusOf(stage, service)
        expect(restorations.map(({ connection, status }) => [connection, status])).toContainEqual([
          'edge-b',
          'stuck',
        ])
      })
      expect((await run.ended).code).toBe(4)
      await partner.start()
      await until('both are back', async () => (await statusOf(stage, service)).outcome === 'restored')
      expect(await weights('haproxy', 'partner')).toEqual([OLD, OLD])
      expect(await stage.look()).toEqual(stage.start)
    },
    TEST_MS,
  )
})

describe('two regions', () => {
  it(
    'are moved one after the other, each watched by its own guard; an abort in the second brings back both',
    async () => {
      const service = 'regions'
      const file = stage.runbook('regions', {
        service,
        hold: '3s',
        edit({ steps }) {
          const [, , , watch, canary] = steps
          if (watch?.['hold'] !== undefined) watch['hold']['for'] = '3s'
          if (canary?.['canary'] !== undefined)
            Object.assign(canary['canary'], { weights: ['25%'], hold: '1h' })
        },
      })
      await underLoad({ name: 'regions, west', target: entry('haproxy') }, (west) =>
        underLoad({ name: 'regions, east', target: entry('eastHaproxy') }, async (east) => {
          const run = begin(stage, file)
          await run.line(/east split: old 100 new 0 -> old 75 new 25, verified/)
          expect(await weights('haproxy', 'eastHaproxy')).toEqual([NEW, { old: 75, new: 25 }])
          const { guards } = await statusOf(stage, service)
          expect(guards.map(({ name, of }) => [name, of])).toEqual([
            ['errors-east', 'east'],
            ['errors-west', 'west'],
          ])
          await decide(stage, ['abort', service, '--reason', 'the east complains', '--as', 'ana'])
          expect((await run.ended).code).toBe(3)
          await Promise.all([servedBy(west, 'old'), servedBy(east, 'old')])
        }),
      )
      expect(await weights('haproxy', 'eastHaproxy')).toEqual([OLD, OLD])
      expect(await stage.look()).toEqual(stage.start)
      const { capacity } = stage.start
      expect((await stage.lab.parts.eastNew.state()).count).toBe(capacity.new)
    },
    TEST_MS,
  )
})
