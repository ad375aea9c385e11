// What somebody would write who adds a provider, and a step kind: new files only, as text, because they belong to a copy of the tree.
import type { Added } from './tree.ts'

/** Instances on a shelf: a provider of the capacity port whose backend is a variable. */
export const provider: Added = {
  'activities/capacity/shelf/schema.ts': `// capacity/shelf, offline half: what a runbook may say of it.
import { z } from 'zod'
import { defineSpec } from '../../provider.ts'

export const ShelfConfig = z.strictObject({
  shelf: z.string().min(1).describe('The shelf that holds both sides'),
  boxes: z.int().min(0).default(2).describe('What each side has at the start'),
})
export type ShelfConfig = z.infer<typeof ShelfConfig>

export const spec = defineSpec({
  id: 'capacity/shelf',
  port: 'capacity',
  summary: 'boxes on a shelf',
  config: ShelfConfig,
  supports: {
    port: 'capacity',
    compareAndSet: true,
    landsWithin: '100ms',
    showsWithin: '100ms',
    proof: 'boxes are counted',
    cautions: [],
  },
  locks: (config, target) => [\`shelf \${config.shelf} \${target}\`],
})
`,
  'activities/capacity/shelf/index.ts': `// capacity/shelf: our port in the words of a shelf.
import type { CapacityPort } from '../../../workflows/ports/capacity.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { spec } from './schema.ts'

const shelves = new Map<string, { count: number; version: number }>()

export const shelf = defineProvider({
  spec,
  connect(config): CapacityPort {
    const sideOf = (target: string) => {
      const key = \`\${config.shelf} \${target}\`
      const side = shelves.get(key) ?? { count: config.boxes, version: 1 }
      shelves.set(key, side)
      return side
    }
    return {
      async observe(target, io) {
        io.signal.throwIfAborted()
        const { count, version } = sideOf(target)
        return { value: { count }, version: String(version), facts: { ready: count } }
      },
      async write({ target, desired, seen }, io) {
        io.signal.throwIfAborted()
        const side = sideOf(target)
        const isOutdated = String(side.version) !== seen.version
        if (isOutdated) throw failure('Conflict', \`\${target} was refilled meanwhile\`)
        side.count = desired.count
        side.version += 1
      },
      async confirm({ target, desired }, io) {
        io.signal.throwIfAborted()
        const { count } = sideOf(target)
        return { settled: count >= desired.count, lines: [\`\${target}: \${count} boxes\`] }
      },
    }
  },
})
`,
  'docs/providers/capacity-shelf.md': `# capacity/shelf

Boxes on a shelf.

<!-- configuration of capacity/shelf: generated -->
<!-- end of configuration of capacity/shelf -->
`,
  'test/contract/capacity/shelf.test.ts': `// capacity/shelf against the contract of its port.
import { shelf } from '../../../activities/capacity/shelf/index.ts'
import { ShelfConfig } from '../../../activities/capacity/shelf/schema.ts'
import { changingContract } from '../changing.ts'
import { testDeps } from '../deps.ts'

const config = ShelfConfig.parse({ shelf: 'contract' })
const deps = testDeps()
const port = shelf.connect(config, deps)
const io = { signal: new AbortController().signal }

changingContract(
  'capacity/shelf',
  async () => ({
    provider: shelf,
    config,
    deps,
    target: 'new',
    values: [{ count: 5 }, { count: 7 }],
    neighbours: async () => (await port.observe('old', io)).value,
    stranger: async (value) => {
      const seen = await port.observe('new', io)
      await port.write({ target: 'new', desired: value as { count: number }, seen }, io)
    },
    secrets: [],
    end: async () => {},
  }),
  ['outage', 'missing target', 'credentials'],
)
`,
  'examples/shelf.yaml': `# Boxes for the new side, before its users come.
cutover: v1
service: shelf
connections:
  boxes: { provider: capacity/shelf, shelf: tools }
  prom: { provider: metrics/sim, world: additions }
guards:
  errors: { from: prom, query: "errors(new)", max: 10, every: 200ms }
steps:
  - prewarm: { connection: boxes, factor: 3, ready_within: 20s }
  - hold: { for: 2s, good: 1 in a row, extend_max: 20s }
`,
}

/** A share that soaks in: a step kind that moves users, proves it and holds it, and that is wrung out in two goes. */
export const kind: Added = {
  'workflows/steps/soak/schema.ts': `// soak: one share of the traffic, held for a while.
import { z } from 'zod'
import { Duration, Name, ShareOfAll } from '../../scalars.ts'
import { anyStep, counted, gated, moving } from '../fields.ts'

export const Soak = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: Name.describe('The traffic connection'),
    share: ShareOfAll.default('10%').describe('What the new side gets'),
    hold: Duration.default('1h').describe('How long it soaks at least'),
    ...counted,
    ...gated,
  })
  .describe('Let a share of the traffic soak in')
export type Soak = z.infer<typeof Soak>
`,
  'workflows/steps/soak/kind.ts': `// soak, as others see it: one change of the split, held.
import { SPLIT, splitAt } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { defineKind } from '../kind.ts'

export const soak = defineKind<'soak'>({
  title: ({ share, connection }) => \`let \${share} of \${connection} soak in\`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'throughout',
  moves: ({ connection, share }) => [{ connection, target: SPLIT, share: percent(share), path: ['share'] }],
  reversibility: () => ({ is: 'reversible with loss', loses: 'what has soaked in' }),
  outline: ({ connection, share, hold, extend_max }) => ({
    changes: [{ connection, target: SPLIT, desired: splitAt(percent(share)) }],
    back: 'wrung out',
    shortestMs: milliseconds(hold),
    longestMs: milliseconds(hold) + milliseconds(extend_max),
    decides: null,
  }),
  hurried: (fields, { hold }) => ({ ...fields, hold }),
})
`,
  'workflows/steps/soak/run.ts': `// soak: as the only weight of a canary.
import type { PlannedStep } from '../../plan.ts'
import { percent } from '../../quantities.ts'
import type { Run } from '../../run/run.ts'
import { shift } from '../../run/shift.ts'

export async function runSoak(run: Run, step: PlannedStep<'soak'>): Promise<void> {
  await shift(run, step, percent(step.spec.share))
}
`,
  'workflows/steps/soak/undo.ts': `// soak, taken back: half of it first.
import type { PlannedStep } from '../../plan.ts'
import { SPLIT, type Split, splitAt } from '../../ports/traffic.ts'
import { percent } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { valueBefore } from '../../run/change-back.ts'
import type { Run } from '../../run/run.ts'

export async function undoSoak(run: Run, { spec }: PlannedStep<'soak'>): Promise<void> {
  const split = { connection: spec.connection, target: SPLIT }
  const before = await valueBefore<Split>(run, split)
  await change(run, { ...split, desired: splitAt(percent(spec.share) / 2) })
  await change(run, { ...split, desired: before })
}
`,
  'examples/soak.yaml': `# A fifth of the users on the new side, for a while.
cutover: v1
service: soak
connections:
  edge: { provider: traffic/sim, world: additions, rate: 2000/s }
  prom: { provider: metrics/sim, world: additions }
guards:
  errors: { from: prom, query: "error_ratio($side, 1s)", max: 1%, every: 200ms }
steps:
  - soak: { connection: edge, share: 20%, hold: 2s, samples: 20, tolerance: 15%, good: 1 in a row, extend_max: 20s }
`,
}
