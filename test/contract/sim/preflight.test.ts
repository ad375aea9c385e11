// preflight/sim keeps the contract of preflights: the same suite as the real one. And it can be made to lie.
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { simPreflight } from '../../../activities/preflight/sim/index.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { PRESENT, connectPreflight, preflightContract } from '../preflight/contract.ts'

preflightContract(
  'preflight/sim',
  async () => {
    const name = `contract-${randomUUID()}`
    const world = openWorld(name)
    world.place({ capacity: { old: 1, new: 1 } })
    const set = (count: number): void =>
      world.stranger({ port: 'capacity', target: 'new', value: { count }, by: 'somebody' })
    return {
      provider: simPreflight,
      config: { world: name },
      deps: testDeps(),
      async spoil() {
        set(0)
        return { end: async () => set(1) }
      },
      state: async () => world.snapshot(),
      async outage() {
        const outage = world.outage('preflight')
        return { end: async () => outage.end() }
      },
      secrets: [],
      end: async () => forgetWorld(name),
    }
  },
  ['missing', 'credentials'],
)

it('calls a health that names nothing it looked at shallow, and finds whatever a script says', async () => {
  const name = `lies-${randomUUID()}`
  const world = openWorld(name)
  const port = connectPreflight({ provider: simPreflight, deps: testDeps() }, { world: name })
  world.set({ new: { health: { status: 'ok' } } })
  expect((await port.examine(PRESENT, io())).findings).toMatchObject([
    { check: 'readiness', level: 'caution', seen: expect.stringContaining('names no dependency') },
  ])
  const script = world.script([
    { when: { port: 'preflight', verb: 'examine', call: 1 }, fault: { finds: [] } },
  ])
  expect(await port.examine(PRESENT, io()), 'it lies').toEqual({ findings: [], fine: [] })
  expect(script.fired()).toBe(1)
  forgetWorld(name)
})
