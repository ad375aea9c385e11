// What a mesh is for, shown on a real one: users go there, back and there under load; each share is proven, none of their requests
// fails, and a failed one would be told by its reason and the share that was being set.
import { expect } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { startLoad } from '../../../lab/load.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { io } from '../../contract/changing.ts'

const STEPS = [10, 50, 100, 0, 25, 100] // there, back in one, and there again
const RATE = 300
const SAMPLES = 600
const TOLERANCE = 6 // a fair split of 600 at 50 % is off by more once in three hundred times
const SETTLED_WITHIN_MS = 40_000

export async function thereAndBack(port: Changing, url: string): Promise<void> {
  const load = await startLoad({ target: { url }, ratePerSecond: RATE, secondsMax: 300 })
  const failures: string[] = []
  let failedBefore = 0
  try {
    for (const share of STEPS) {
      const desired = { old: 100 - share, new: share }
      await set(port, desired)
      await settled(port, desired)
      const counted = await countedDuring(load)
      const seen = (counted.new / (counted.old + counted.new)) * 100
      if (share === 0 || share === 100) expect(seen, `of users at ${share} %`).toBe(share)
      else
        expect(Math.abs(seen - share), `of users at ${share} %: ${seen.toFixed(1)} %`).toBeLessThan(TOLERANCE)
      const { failed, failures: reasons } = await load.read()
      if (failed > failedBefore) failures.push(`at ${share} %: ${JSON.stringify(reasons)}`)
      failedBefore = failed
    }
  } finally {
    const { failed, failures: reasons, skipped, sent } = await load.stop()
    expect({ failures, failed, reasons, skipped }).toEqual({
      failures: [],
      failed: 0,
      reasons: {},
      skipped: 0,
    })
    expect(sent).toBeGreaterThan(STEPS.length * SAMPLES)
  }
}

async function set(port: Changing, desired: Json): Promise<void> {
  const expected = (await port.observe('split', io())).value
  await applyTo(port, { target: 'split', desired, expected }, io())
}

/** As the engine does: looks until it is proven. */
async function settled(port: Changing, desired: Json): Promise<void> {
  let memory: JsonObject | undefined
  let lines: string[] = []
  const look = async (): Promise<boolean> => {
    const options = { samples: SAMPLES, tolerance: TOLERANCE }
    const asked = { target: 'split', desired, options, ...(memory !== undefined && { memory }) }
    const confirmation = await port.confirm!(asked, io())
    memory = confirmation.memory
    lines = confirmation.lines
    return confirmation.settled
  }
  await until(`${JSON.stringify(desired)} is proven`, look, SETTLED_WITHIN_MS).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${lines.join('; ')}`)
  })
}

/** What users were given from now on, until they are enough. */
async function countedDuring(
  load: Awaited<ReturnType<typeof startLoad>>,
): Promise<{ old: number; new: number }> {
  const start = (await load.read()).sides
  let counted = { old: 0, new: 0 }
  await until('enough users have come', async () => {
    const { sides } = await load.read()
    counted = {
      old: sides.old.answered - start.old.answered,
      new: sides.new.answered - start.new.answered,
    }
    return counted.old + counted.new >= SAMPLES
  })
  return counted
}
