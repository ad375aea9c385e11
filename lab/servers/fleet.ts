// One side of the orders service (old or new) as a process of its own, with the words to script it.
import { fileURLToPath } from 'node:url'
import type { Capacity, Faults, FleetOptions, FleetState, Side } from '../fleet/protocol.ts'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { until } from '../until.ts'

const SLOTS = 6 // twice the old side's three instances: what pre-warming by a factor of two asks for
const WARM_UP_MS = 300 // long enough to be seen as not ready yet
const program = fileURLToPath(new URL('../fleet/main.ts', import.meta.url))

export type Fleet = {
  server: ServerHandle
  side: Side
  /** Base URL of the admin port. */
  adminUrl: string
  /** Ports of all slots; those that run an instance answer. */
  slots: number[]
  state(): Promise<FleetState>
  /** Changes the number of instances; resolves when as many are ready and none is left draining. */
  scale(count: number): Promise<Capacity>
  /** Turns faults on; those not named stay as they are. */
  inject(faults: Partial<Faults>): Promise<Faults>
  /** Turns all faults off. */
  heal(): Promise<Faults>
}

export async function startFleet(options: {
  side: Side
  /** Told with its metrics. */
  region?: string
  count?: number
  slots?: number
  warmUpMs?: number
}): Promise<Fleet> {
  const { side, region = 'west', count = 1, warmUpMs = WARM_UP_MS } = options
  const { chosen, server } = await startServer<FleetOptions>(
    `fleet-${side}`,
    async () => {
      const [admin = 0, ...slots] = await freePorts(1 + (options.slots ?? SLOTS))
      return { side, region, version: side === 'old' ? 'v1' : 'v2', slots, admin, count, warmUpMs }
    },
    (fleet) => ({
      command: process.execPath,
      args: [program, JSON.stringify(fleet)],
      withChannel: true,
      isReady: async () => (await readState(`http://127.0.0.1:${fleet.admin}`)).ready === count,
    }),
  )
  const adminUrl = `http://127.0.0.1:${chosen.admin}`
  const state = (): Promise<FleetState> => readState(adminUrl)
  return {
    server,
    side,
    adminUrl,
    slots: chosen.slots,
    state,
    async scale(wanted) {
      await ask(adminUrl, 'PUT /count', { count: wanted })
      return until(`${side} has ${wanted} instances ready`, async () => {
        const now = await state()
        return now.ready === wanted && now.running.length === wanted && { count: now.count, ready: now.ready }
      })
    },
    inject: (faults) => ask(adminUrl, 'PUT /faults', faults),
    heal: () => ask(adminUrl, 'DELETE /faults'),
  }
}

const readState = (adminUrl: string): Promise<FleetState> => ask(adminUrl, 'GET /state')

async function ask<T>(adminUrl: string, what: string, body?: object): Promise<T> {
  const [method = 'GET', path = '/'] = what.split(' ')
  const response = await fetch(adminUrl + path, { method, ...(body && { body: JSON.stringify(body) }) })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${what}: ${JSON.stringify(answer)}`)
  return answer as T
}
