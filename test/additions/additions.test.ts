// The promise of the house: a provider is its folder, its page and its test; a step kind is its folder and an example. Each is added
// to a copy of this tree, without an edit anywhere, and then keeps every rule and carries out a run there and back.
import { afterEach, expect, it } from 'vitest'
import { kind, provider } from './dummies.ts'
import { type Added, type CommandResult, type Tree, treeWith } from './tree.ts'

const WITHIN_MS = 600_000 // types, lint, rules and two runs, each in a process of its own
const UNRECORDED = '^(?!.*in a recorded run)' // runs are recorded by whoever adds a kind (docs/adding-a-step.md)
let tree: Tree | null = null

afterEach(() => tree?.end())

it('a provider is its folder', { timeout: WITHIN_MS }, async () => {
  const copy = await generated(provider)
  expect(copy.changed()).toEqual([
    'activities/providers.ts',
    'activities/specs.ts',
    'docs/providers/README.md',
    'schema/runbook.json',
  ])
  await keepsTheRules(copy, provider)
  await goesWell(copy, 'vitest', ['run', '--project=contract', 'test/contract/capacity/shelf.test.ts'])
  await goesWell(copy, 'node', ['bin/cutover.js', 'validate', 'examples/shelf.yaml'])
  const { aborted, through } = await simulated(copy, 'examples/shelf.yaml')
  expect(aborted).toEqual({
    outcome: 'restored',
    before: [{ count: 2 }],
    meanwhile: [{ count: 6 }],
    after: [{ count: 2 }],
    own: [],
  })
  expect(through).toEqual({ outcome: 'completed', reason: null, values: [{ count: 6 }] })
})

it('a step kind is its folder', { timeout: WITHIN_MS }, async () => {
  const copy = await generated(kind)
  expect(copy.changed()).toEqual([
    'docs/steps.md',
    'schema/runbook.json',
    'workflows/steps/kinds.ts',
    'workflows/steps/runs.ts',
    'workflows/steps/schemas.ts',
    'workflows/steps/undos.ts',
  ])
  await keepsTheRules(copy, kind)
  await goesWell(copy, 'node', ['bin/cutover.js', 'validate', 'examples/soak.yaml'])
  const plan = await goesWell(copy, 'node', ['bin/cutover.js', 'plan', '--offline', 'examples/soak.yaml'])
  expect(plan).toContain('let 20% of edge soak in')
  expect(plan).toMatch(/back +wrung out; loses what has soaked in/)
  expect(plan).toMatch(/watched +errors/)
  const { aborted, through } = await simulated(copy, 'examples/soak.yaml')
  const [all, some] = [{ old: 100, new: 0 }, { old: 80, new: 20 }] // prettier-ignore
  const own = [{ old: 90, new: 10 }, all]
  expect(aborted).toEqual({ outcome: 'restored', before: [all], meanwhile: [some], after: [all], own })
  expect(through).toEqual({ outcome: 'completed', reason: null, values: [some] })
})

it(
  'what is begun by a command compiles, and refuses to work before it is written',
  { timeout: WITHIN_MS },
  async () => {
    const copy = treeWith({})
    tree = copy
    const ports = ['traffic', 'dns', 'capacity', 'metrics', 'probe', 'preflight', 'notify']
    for (const port of ports) await goesWell(copy, 'node', ['scripts/new.ts', 'provider', port, 'brand-new'])
    await goesWell(copy, 'node', ['scripts/new.ts', 'step', 'brandnew'])
    expect((await copy.run('node', ['scripts/new.ts', 'step', 'brandnew'])).output).toContain(
      'not overwritten',
    )
    expect((await copy.run('node', ['scripts/new.ts', 'provider', 'nonsense', 'x'])).code).toBe(2)
    const sources = [...ports.map((port) => `activities/${port}/brand-new`), 'workflows/steps/brandnew']
    await goesWell(copy, 'tsc', ['--noEmit'])
    await goesWell(copy, 'oxlint', ['--type-aware', ...sources])
    await goesWell(copy, 'oxfmt', ['--check', ...sources])
    // Two rules are still broken, on purpose: a provider is held to the contract of its port, a step kind to a recorded run.
    const { output } = await copy.run('vitest', ['run', '--project=tidy'])
    expect(output.match(/× .*/g)).toEqual([
      ...ports.map(() => expect.stringContaining('keeps the contract of its port')),
      expect.stringContaining('brandnew is carried out in a recorded run'),
    ])
    await goesWell(copy, 'node', ['bin/cutover.js', 'validate', 'examples/brandnew.yaml'])
    const contract = await copy.run('vitest', [
      'run',
      '--project=contract',
      'test/contract/metrics/brand-new.test.ts',
    ])
    expect(contract.output).toContain('WRITE: the bench of metrics/brand-new')
  },
)

async function generated(added: Added): Promise<Tree> {
  const copy = treeWith(added)
  tree = copy
  const stale = await copy.run('node', ['scripts/generate.ts', '--check'])
  expect(stale, 'the check says what is stale').toMatchObject({ code: 1 })
  await goesWell(copy, 'node', ['scripts/generate.ts'])
  return copy
}

/** The parts of `npm run check` that what was added could break. */
async function keepsTheRules(copy: Tree, added: Added): Promise<void> {
  const sources = Object.keys(added).filter((file) => file.endsWith('.ts'))
  const parts = await Promise.allSettled([
    goesWell(copy, 'tsc', ['--noEmit']),
    goesWell(copy, 'vitest', ['run', '--project=tidy', '--testNamePattern', UNRECORDED]),
    goesWell(copy, 'node', ['scripts/generate.ts', '--check']),
    goesWell(copy, 'oxlint', ['--type-aware', ...sources]),
    goesWell(copy, 'oxfmt', ['--check', ...sources]),
  ])
  const failed = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason as Error] : []))
  expect(failed).toEqual([])
}

async function simulated(copy: Tree, example: string) {
  const output = await goesWell(copy, 'node', ['test/additions/simulate.ts', example])
  const line = output.split('\n').find((each) => each.startsWith('{"aborted"'))
  return JSON.parse(line ?? output) as { aborted: unknown; through: unknown }
}

async function goesWell(copy: Tree, command: string, args: string[]): Promise<string> {
  const { code, output }: CommandResult = await copy.run(command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}
