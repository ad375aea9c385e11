// `npm run test:chaos -- --seed 17` or `--seeds 1..100`: seeded runs on a real lab, with faults, judged by the world.
// One line a seed; a wrong end is told whole and makes the exit code 1.
import { CONSTRUCTED } from './constructed.ts'
import { scenarioOf } from './generate.ts'
import { play } from './play.ts'
import type { Scenario } from './scenario.ts'
import { openChaosStage } from './stage.ts'
import { lineOf, storyLines, summaryLines, type Result } from './told.ts'

const SEEDS_BY_DEFAULT = '1..100'
const USAGE = 'usage: npm run test:chaos -- [--seed N | --seeds A..B | --case NAME | --cases] [--lanes N]'

const scenarios = wanted(process.argv.slice(2))
const queue = [...scenarios]
const results: Result[] = []
const began = Date.now()
await Promise.all(Array.from({ length: Math.min(lanes(), scenarios.length) }, lane))
for (const line of summaryLines(results, Date.now() - began)) say(line)
process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0

async function lane(): Promise<void> {
  const stage = await openChaosStage(() => {})
  try {
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) {
      const result = await played(stage, scenario)
      results.push(result)
      say(lineOf(result))
      for (const line of storyLines(result)) say(line)
    }
  } finally {
    await stage.close()
  }
}

async function played(
  stage: Awaited<ReturnType<typeof openChaosStage>>,
  scenario: Scenario,
): Promise<Result> {
  try {
    return { scenario, ...(await play(stage, scenario)) }
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return {
      scenario,
      story: null,
      problems: [`the harness could not play it: ${what}`],
      unmet: [],
      seconds: 0,
    }
  }
}

function wanted(args: string[]): Scenario[] {
  const value = (flag: string): string | undefined => {
    const index = args.indexOf(flag)
    return index === -1 ? undefined : args[index + 1]
  }
  if (args.includes('--cases')) return CONSTRUCTED
  const name = value('--case')
  if (name !== undefined) return CONSTRUCTED.filter((each) => each.name === name)
  const text = value('--seed') ?? value('--seeds') ?? SEEDS_BY_DEFAULT
  const [first, last = first] = text.split('..').map(Number)
  if (first === undefined || last === undefined || !(first <= last)) throw new Error(USAGE)
  return Array.from({ length: last - first + 1 }, (_, index) => scenarioOf(first + index))
}

function lanes(): number {
  const index = process.argv.indexOf('--lanes')
  return index === -1 ? 1 : Number(process.argv[index + 1])
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
