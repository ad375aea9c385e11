// Recorded runs of the steps about users: a look at the place before they come, those who go first, several edges as one, and what is
// drained behind them; each also aborted in the middle of it and, where guards are awake, breached.
import type { World } from '../../activities/sim/world.ts'
import type { Run } from '../workflow/bench.ts'
import { eventually } from '../workflow/bench.ts'
import { frame } from '../workflow/runbooks.ts'
import type { RecordedRun } from './recorded-run.ts'

type Names = { service: string; world: string }

const gated = 'good: 1 in a row, samples: 0, extend_max: 20s'

export const ledRuns: RecordedRun[] = [
  {
    name: 'unfit',
    runbook: (names) => unfit(names, '500ms'),
    attend: async () => {},
  },
  {
    name: 'abort-in-preflight',
    runbook: (names) => unfit(names, '5m'),
    attend: async (run) => {
      await eventually('a look at the place', () => run.world.calls({ port: 'preflight' }).length > 0)
      await run.abort('recorded')
    },
  },
  {
    name: 'abort-in-cohort',
    runbook: cohortFirst,
    attend: async (run) => {
      await holds(run, 'led')
      await run.abort('recorded')
    },
  },
  {
    name: 'breach-in-cohort',
    runbook: cohortFirst,
    attend: async (run) => {
      await holds(run, 'led')
      run.world.stranger({ port: 'traffic', target: 'edge cohort', value: { users: [] }, by: 'mallory' })
    },
  },
  { name: 'pair', runbook: (names) => pair(names, '100ms'), attend: async () => {} },
  {
    name: 'pair-abort-at-half',
    runbook: (names) => pair(names, '2s'),
    attend: async (run) => {
      await atHalf(run)
      await run.abort('recorded')
    },
  },
  {
    name: 'pair-breach',
    runbook: (names) => pair(names, '2s'),
    attend: async (run) => {
      await atHalf(run)
      run.world.set({ new: { errorRatio: 0.5 } })
    },
  },
  {
    name: 'drain-asked',
    runbook: (names) => drained(names, 'within: 300ms'),
    prepare: withTunnels,
    attend: async (run) => {
      await run.gate('evidence')
      run.world.set({ old: { tunnels: 0 } })
    },
  },
  {
    name: 'drain-counted-by-a-query',
    runbook: (names) =>
      drained(names, 'within: 20s, in_flight: { from: prom, query: "in_flight($side)", for: 200ms }'),
    prepare: withTunnels,
    attend: async (run) => {
      await holds(run, 'drained')
      run.world.set({ old: { tunnels: 0 } })
    },
  },
  {
    name: 'abort-in-drain',
    runbook: (names) => drained(names, 'within: 5m'),
    prepare: withTunnels,
    attend: async (run) => {
      await holds(run, 'drained')
      await run.abort('recorded')
    },
  },
  {
    name: 'breach-in-drain',
    runbook: (names) => drained(names, 'within: 5m'),
    prepare: withTunnels,
    attend: async (run) => {
      await holds(run, 'drained')
      run.world.set({ new: { errorRatio: 0.5 } })
    },
  },
  {
    name: 'abort-in-promote',
    runbook: promoted,
    attend: async (run) => {
      await run.gate('approval')
      await run.abort('recorded')
    },
  },
  {
    name: 'breach-in-promote',
    runbook: promoted,
    attend: async (run) => {
      await run.gate('approval')
      run.world.set({ new: { errorRatio: 0.5 } })
    },
  },
]

/** Something has been changed, and no instance is there for users. */
function unfit(names: Names, within: string): string {
  return `${frame(names).replace('old: 3, new: 1', 'old: 3, new: 0')}steps:
  - ttl: { connection: zone, records: ["api.example.com. A"], to: 1s, margin: 0ms, resolvers: [], within: 20s }
  - preflight: { connection: home, every: 100ms, within: ${within} }
`
}

function cohortFirst(names: Names): string {
  const proof =
    'connection: door, header: x-tenant, old: { json: { side: old } }, new: { json: { side: new } }, every: 100ms, breach: 3 in a row'
  return `${frame(names)}steps:
  - cohort: { connection: edge, members: [acme, globex], hold: 1h, proof: { ${proof} }, good: 2 in a row }
  - canary: { connection: edge, weights: [10%], hold: 0ms, ${gated} }
`
}

function pair(names: Names, hold: string): string {
  return `${withPartner(names)}steps:
  - canary: { connection: [edge, partner], weights: [10%, 50%], hold: ${hold}, ${gated} }
  - switch: { connection: [edge, partner], hold: 100ms, ${gated} }
`
}

function drained(names: Names, fields: string): string {
  return `${frame(names)}steps:
  - switch: { connection: edge, hold: 0ms, ${gated} }
  - drain: { connection: edge, every: 50ms, good: 2 in a row, ${fields} }
`
}

function promoted(names: Names): string {
  return `${frame(names)}steps:
  - switch: { connection: edge, hold: 0ms, ${gated} }
  - promote: { connection: edge, within: 20s, people: [ana, raj], expires: 5m, ${gated} }
`
}

function withPartner(names: Names): string {
  const partner = `  partner: { provider: traffic/sim, world: ${names.world}, balancer: partner, rate: 2000/s }\n`
  return frame(names).replace('  fleet: {', `${partner}  fleet: {`)
}

function withTunnels(world: World): void {
  world.set({ old: { tunnels: 2 } })
}

async function holds(run: Run, key: string): Promise<void> {
  await run.until(`holds: ${key}`, ({ holding }) => holding?.key.endsWith(`/${key}`) === true)
}

async function atHalf(run: Run): Promise<void> {
  await run.until('both are at half', ({ weights, holding }) => {
    const shares = ['edge', 'partner'].map((edge) => weights[edge]?.new)
    return holding !== null && shares.every((share) => share === 50)
  })
}
