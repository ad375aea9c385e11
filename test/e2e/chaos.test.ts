// A sample of the chaos harness (`npm run test:chaos`): runs on real servers with faults, judged by the world alone.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CONSTRUCTED } from '../chaos/constructed.ts'
import { play } from '../chaos/play.ts'
import { type ChaosStage, openChaosStage } from '../chaos/stage.ts'
import { storyLines } from '../chaos/told.ts'

const TEST_MS = 150_000 // a run, and the time in which it is looked at afterwards, on two busy cores
const SAMPLE = ['prewarm-after-canary', 'first-touch', 'reset-at-share', 'neighbour-between-look-and-write']

let stage: ChaosStage
beforeAll(async () => {
  stage = await openChaosStage()
})
afterAll(() => stage?.close())

it.each(CONSTRUCTED.filter(({ name }) => SAMPLE.includes(name)))(
  'what the run says of its end is so, with $name',
  async (scenario) => {
    const played = await play(stage, scenario)
    const told = storyLines({ ...played, scenario })
    expect(played.problems, told.join('\n')).toEqual([])
    expect(played.unmet).toEqual([])
  },
  TEST_MS,
)
