// The simulated providers keep the same contract as the real ones: one bench per changing port, one world per bench.
import type { ChangingPort } from '../../../workflows/ports/index.ts'
import { randomUUID } from 'node:crypto'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { simDns } from '../../../activities/dns/sim/index.ts'
import { simReconciler } from '../../../activities/reconciler/sim/index.ts'
import type { Provider } from '../../../activities/provider.ts'
import type { Fault } from '../../../activities/sim/fault.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { lyingContract } from '../lies.ts'
import { promotionContract } from '../traffic/promotion.ts'

interface Case {
  provider: Provider
  port: ChangingPort
  config: JsonObject
  target: string
  /** The target as the world spells it in its snapshot. */
  key: string
  missingTarget: string
  values: [Json, Json]
  /** A part of the first value that can be done alone; null = it is one number. */
  half: string | null
}

function bench(of: Case): () => Promise<ChangingBench> {
  return async () => {
    const name = `contract-${randomUUID()}`
    const world = openWorld(name)
    const isPlace = ([key]: [string, unknown]) => key === `${of.key} in ${PLACE}`
    const writes = (fault: Fault) => {
      const script = world.script([
        { when: { port: of.port, verb: 'write', target: of.target, call: 'every' }, fault },
      ])
      return { end: async () => script.end() }
    }
    return {
      ...of,
      config: { ...of.config, world: name },
      deps: testDeps(),
      secrets: [],
      async neighbours() {
        const all = JSON.parse(world.snapshot()) as JsonObject
        return Object.fromEntries(Object.entries(all).filter(([key]) => key !== of.key))
      },
      async stranger(value) {
        world.stranger({ port: of.port, target: of.target, value, by: 'mallory' })
      },
      async outage() {
        const outage = world.outage(of.port)
        return { end: async () => outage.end() }
      },
      lies: {
        showLate: async (ms) => writes({ showsLate: ms }),
        async freezeReader() {
          const { end } = world.freezeReader({ port: of.port, target: of.target })
          return { end: async () => end() }
        },
        ...(of.half === null ? {} : { doHalf: async () => writes({ half: of.half as string }) }),
        otherPlace: {
          read: async () =>
            Object.entries(JSON.parse(world.snapshot()) as JsonObject).find(isPlace)?.[1] ?? null,
          async change(value) {
            world.stranger({ port: of.port, target: of.target, value, by: 'mallory', place: PLACE })
          },
          breakWrites: async () => writes({ elsewhere: 'gets', place: PLACE, kind: 'Rejected' }),
        },
      },
      async end() {
        forgetWorld(name)
      },
    }
  }
}

const PLACE = 'a file beside it'
const LIES = ['showLate', 'freezeReader', 'otherPlace'] as const

const without = ['credentials'] as const // the simulated world lets everybody in

const split: Case = {
  provider: simTraffic,
  port: 'traffic',
  config: {},
  target: 'split',
  key: 'traffic edge split',
  missingTarget: 'nowhere',
  values: [
    { old: 75, new: 25 },
    { old: 0, new: 100 },
  ],
  half: 'new',
}
changingContract('traffic/sim split', bench(split), without)
lyingContract('traffic/sim split', bench(split), [...LIES, 'doHalf'])

const mirror: Case = {
  ...split,
  target: 'mirror',
  key: 'traffic edge mirror',
  values: [{ percent: 20 }, { percent: 50 }],
  half: null,
}
changingContract('traffic/sim mirror', bench(mirror), without)
lyingContract('traffic/sim mirror', bench(mirror), LIES)

const cohort: Case = {
  ...split,
  target: 'cohort',
  key: 'traffic edge cohort',
  values: [{ users: ['acme', 'globex'] }, { users: ['initech'] }],
  half: null,
}
changingContract('traffic/sim cohort', bench(cohort), without)
lyingContract('traffic/sim cohort', bench(cohort), LIES)

const records = {
  'api.example.com. A': { ttl: 300, values: ['192.0.2.1', '192.0.2.2'] },
  'www.example.com. A': { ttl: 60, values: ['192.0.2.9'] },
}
const present: Case = {
  provider: simDns,
  port: 'dns',
  config: { zone: 'example.com', records },
  target: 'api.example.com. A',
  key: 'dns api.example.com. A',
  missingTarget: 'api.example.org. A',
  values: [
    { ttl: 60, values: ['192.0.2.1', '192.0.2.2'] },
    { ttl: 60, values: ['192.0.2.3'] },
  ],
  half: 'values',
}
changingContract('dns/sim, a record that exists', bench(present), without)
lyingContract('dns/sim, a record that exists', bench(present), LIES)

const absent: Case = {
  ...present,
  target: 'new.example.com. A',
  key: 'dns new.example.com. A',
}
changingContract('dns/sim, a record that does not exist', bench(absent), without)
lyingContract('dns/sim, a record that does not exist', bench(absent), [...LIES, 'doHalf'])

const alias: Case = {
  ...present,
  target: 'www.example.com. CNAME', // there is an address, and it is a part of the target
  key: 'dns www.example.com. CNAME',
  values: [
    { ttl: 60, values: ['api.example.com.'] },
    { ttl: 30, values: ['A 192.0.2.3', 'AAAA 2001:db8::3'] },
  ],
}
changingContract('dns/sim, an address that becomes an alias', bench(alias), without)
lyingContract('dns/sim, an address that becomes an alias', bench(alias), LIES)

const capacity: Case = {
  provider: simCapacity,
  port: 'capacity',
  config: { old: 2, new: 1 },
  target: 'new',
  key: 'capacity new',
  missingTarget: 'both',
  values: [{ count: 4 }, { count: 0 }],
  half: null,
}
changingContract('capacity/sim', bench(capacity), without)
lyingContract('capacity/sim', bench(capacity), LIES)

const reconciler: Case = {
  provider: simReconciler,
  port: 'reconciler',
  config: {},
  target: 'reconciling',
  key: 'reconciler gitops reconciling',
  missingTarget: 'nowhere',
  values: [
    { suspended: true, by: 'cutover' },
    { suspended: true, by: 'flux' },
  ],
  half: null,
}
changingContract('reconciler/sim', bench(reconciler), without)
lyingContract('reconciler/sim', bench(reconciler), LIES)

promotionContract('traffic/sim', async () => {
  const name = `contract-${randomUUID()}`
  const world = openWorld(name)
  const when = { port: 'traffic', verb: 'write', target: 'stable', call: 'every' } as const
  return {
    provider: simTraffic,
    config: { world: name },
    deps: testDeps(),
    share: 50,
    seesOrders: false, // what was accepted and has not taken effect shows nowhere
    async standstill() {
      const script = world.script([{ when, fault: { showsLate: 300 } }])
      return { end: async () => script.end() }
    },
    async leadBack() {
      const value = { old: 100, new: 0 }
      world.stranger({ port: 'traffic', target: 'split', value, by: 'mallory' })
    },
    end: async () => forgetWorld(name),
  }
})
