// Do yesterday's recorded runs survive today's code? Replay compares only types and order; the commands themselves are
// compared here too, because a changed input or timer would reach the world without replay ever complaining.
import { beforeAll, describe, expect, it } from 'vitest'
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { histories, recordedCommands } from './history.ts'
import { recordedRuns } from './recorded-runs.ts'
import { bundleWithCapture, replay } from './replay.ts'

let bundle: WorkflowBundleWithSourceMap
beforeAll(async () => {
  bundle = await bundleWithCapture()
})

const recorded = histories()

describe('a run that began with an earlier version', () => {
  it('is recorded for every way a run can go', () => {
    const names = new Set(recorded.map(({ name }) => name.replace(/-\d+$/, '')))
    const kept = recordedRuns.flatMap(({ name, keeps = ['run'] }) =>
      keeps.map((of) => (of === 'run' ? name : `${name}-expiry`)),
    )
    expect([...names].toSorted()).toEqual(kept.toSorted())
  })

  it.each(recorded)('goes on to the same end, with the same commands: $name', async ({ history }) => {
    const expected = recordedCommands(history)
    expect(expected.length).toBeGreaterThan(0)
    expect(await replay(bundle, history)).toEqual(expected)
  })
})
