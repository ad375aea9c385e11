// An entry point that moves by DNS alone: users go by name through a caching resolver, and none of them is lost, both ways.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import {
  approveWhenAsked,
  begin,
  clear,
  decide,
  expectRestored,
  servedBy,
  statusOf,
  underLoad,
} from './scene.ts'

const TEST_MS = 120_000 // half a minute of steps, on two busy cores

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

type Zone = 'bind' | 'powerdns'

const byName = (zone: Zone) => {
  const { haproxy, resolverOfBind, resolverOfPowerdns } = stage.lab.addresses
  const resolver = zone === 'bind' ? resolverOfBind : resolverOfPowerdns
  return { name: 'api.example.test', port: haproxy.entries.port, resolver: resolver.dns }
}

const addresses = () => stage.lab.addresses.haproxy.entries

describe('dns-move.yaml', () => {
  it(
    'takes users to the new entry, and the old TTL is back at the end',
    async () => {
      const service = 'entry-forward'
      const file = stage.runbook('dns-move', { service, zone: 'powerdns' })
      const load = await underLoad({ name: service, target: byName('powerdns') }, async (going) => {
        const run = begin(stage, file)
        await approveWhenAsked(stage, run, { service, kind: 'approve', people: ['ana'] })
        await run.line(/zone api\.example\.test\. A proven: /)
        await servedBy(going, 'new')
        const { code, stdout } = await run.ended
        expect(code, stdout).toBe(0)
        await servedBy(going, 'new')
      })
      expect(Object.keys(load.addresses).sort()).toEqual([addresses().old, addresses().new])
      const { start } = stage
      expect(await stage.look()).toEqual({
        ...start,
        powerdns: { ttl: start.powerdns.ttl, values: [addresses().new] },
      })
      expect(await statusOf(stage, service)).toMatchObject({ outcome: 'completed' })
    },
    TEST_MS,
  )

  it.each(['bind', 'powerdns'] as const)(
    'aborted after the move on %s: users come back, with the old values and the old TTL',
    async (zone) => {
      const service = `entry-back-${zone}`
      const file = stage.runbook('dns-move', { service, zone })
      await underLoad({ name: service, target: byName(zone) }, async (load) => {
        const run = begin(stage, file)
        await approveWhenAsked(stage, run, { service, kind: 'approve', people: ['ana'] })
        await run.line(/\] A day on the new entry point/)
        await servedBy(load, 'new')
        await decide(stage, ['abort', service, '--reason', 'wrong data centre', '--as', 'raj'])
        expect((await run.ended).code).toBe(3)
        await servedBy(load, 'old')
      })
      await expectRestored(stage, service)
    },
    TEST_MS,
  )
})
