// probe/sim keeps the contract of probes: the same suite as the real one.
import { randomUUID } from 'node:crypto'
import { simProbe } from '../../../activities/probe/sim/index.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import type { ProbeRequest } from '../../../workflows/ports/probe.ts'
import { testDeps } from '../deps.ts'
import { probeContract } from '../probe/contract.ts'

const request = (path: string, expect: ProbeRequest['expect'], deep = false): ProbeRequest => ({
  name: path,
  method: 'GET',
  path,
  expect,
  deep,
})

probeContract('probe/sim', async () => {
  const name = `contract-${randomUUID()}`
  const world = openWorld(name)
  return {
    provider: simProbe,
    config: { world: name },
    deps: testDeps(),
    good: request('/healthz/ready', { status: 200, json: { 'checks.database': 'ok' } }, true),
    shallow: request('/livez', { status: 200 }),
    bad: request('/healthz/ready', { status: 204, json: { 'checks.queue': 'ok' } }),
    async outage() {
      const outage = world.outage('probe')
      return { end: async () => outage.end() }
    },
    secrets: [],
    end: async () => forgetWorld(name),
  }
})
