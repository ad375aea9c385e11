// metrics/sim keeps the contract of metrics: the same suite as the real ones, on a world whose clock stands still.
import { randomUUID } from 'node:crypto'
import { simMetrics } from '../../../activities/metrics/sim/index.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import { testDeps } from '../deps.ts'
import { type MetricsBench, metricsContract } from '../metrics/contract.ts'

metricsContract(
  'metrics/sim',
  async (): Promise<MetricsBench> => {
    const name = `contract-${randomUUID()}`
    let now = Date.now()
    const world = openWorld(name, { now: () => now })
    world.place({ balancers: { edge: { old: 100, new: 0, rps: 100 } } })
    now += 60_000
    return {
      provider: simMetrics,
      config: { world: name },
      deps: testDeps(),
      queries: {
        number: { query: 'sum(increase(http_requests_total{side="old"}[10s]))', value: 1_000 },
        empty: 'error_ratio(new)',
        wrong: 'how is it going?',
      },
      async outage() {
        const outage = world.outage('metrics')
        return { end: async () => outage.end() }
      },
      secrets: [],
      async end() {
        forgetWorld(name)
      },
    }
  },
  ['not a number', 'infinite', 'several', 'credentials'],
)
