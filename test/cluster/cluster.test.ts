// Runs on a Temporal server that keeps its state in PostgreSQL, made by the scripts of deploy/temporal, with two workers:
// the world judges, as in the chaos harness.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { play } from '../chaos/play.ts'
import { type ChaosStage, openChaosStage } from '../chaos/stage.ts'
import { lineOf, storyLines } from '../chaos/told.ts'
import { SCENARIOS } from './scenarios.ts'

const TEST_MS = 150_000 // a run, and the time in which it is looked at afterwards, on two busy cores

let stage: ChaosStage
beforeAll(async () => {
  stage = await openChaosStage({ also: ['temporalDatabase'], workers: 2 })
})
afterAll(() => stage?.close())

it.each(SCENARIOS)(
  'what the run says of its end is so: $name',
  async (scenario) => {
    const played = await play(stage, scenario)
    console.log(lineOf({ ...played, scenario }))
    expect(played.problems, storyLines({ ...played, scenario }).join('\n')).toEqual([])
    expect(played.unmet).toEqual([])
  },
  TEST_MS,
)
