// `npm run test:chaos -- --seed 17` or `--seeds 1..100`: seeded runs on a real lab, with faults, judged by the world.
// One line a seed; a wrong end is told whole and makes the exit code 1.
import { type ChaosOptions, USAGE, asked } from './asked.ts'
import { play } from './play.ts'
import type { Scenario } from './scenario.ts'
import { type ChaosStage, openChaosStage } from './stage.ts'
import { type Result, lineOf, storyLines, summaryLines } from './told.ts'

const USAGE_EXIT = 2 // as everywhere in this package

const wish = understood(process.argv.slice(2))
if (wish === null) process.exitCode = USAGE_EXIT
else process.exitCode = (await playAll(wish)) ? 0 : 1

function understood(args: string[]): ChaosOptions | null {
  try {
    return asked(args)
  } catch (error) {
    process.stderr.write(`${String(error)}\n${USAGE}\n`)
    return null
  }
}

/** True: every end was right. */
async function playAll({ scenarios, lanes, milliseconds }: ChaosOptions): Promise<boolean> {
  const queue = [...scenarios]
  const results: Result[] = []
  const began = Date.now()
  const next = (): Scenario | undefined => (Date.now() - began > milliseconds ? undefined : queue.shift())
  const lane = async (): Promise<void> => {
    const stage = await openChaosStage()
    try {
      for (let scenario = next(); scenario !== undefined; scenario = next()) {
        const result = await played(stage, scenario)
        results.push(result)
        for (const line of [lineOf(result), ...storyLines(result)]) say(line)
      }
    } finally {
      await stage.close()
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, scenarios.length) }, lane))
  for (const line of summaryLines(results, Date.now() - began)) say(line)
  return results.every(({ problems }) => problems.length === 0)
}

async function played(stage: ChaosStage, scenario: Scenario): Promise<Result> {
  try {
    return { scenario, ...(await play(stage, scenario)) }
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const problems = [`the harness could not play it: ${what}`]
    return { scenario, story: null, problems, unmet: [], seconds: 0 }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
