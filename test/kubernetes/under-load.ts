// Requests of users while something happens, for whole runs: through the gateway of a mesh at a rate, or one bundle after the other.
import { expect } from 'vitest'
import { type LoadReport, startLoad } from '../../lab/load.ts'
import type { MeshStage } from '../../lab/stage/mesh.ts'
import { type Served, sendLoad } from '../contract/traffic/upstream.ts'

/** At a rate, through the gateway, from the moment at which its counters stand still. */
export async function loaded(
  { mesh, quiet }: Pick<MeshStage, 'mesh' | 'quiet'>,
  ratePerSecond: number,
  body: () => Promise<void>,
): Promise<LoadReport> {
  const load = await startLoad({ target: { url: mesh.edgeUrl }, ratePerSecond })
  try {
    await quiet()
    await body()
  } finally {
    await load.stop()
  }
  return await load.stop()
}

/** None of which may fail. */
export async function askedMeanwhile(
  { url, perSecond }: { url: string; perSecond: number },
  body: () => Promise<void>,
): Promise<Served> {
  const total: Served = { sides: {}, failed: [] }
  const over = new AbortController()
  const users = (async () => {
    while (!over.signal.aborted) {
      const { sides, failed } = await sendLoad({ url, requests: perSecond, perSecond })
      for (const [side, count] of Object.entries(sides)) total.sides[side] = (total.sides[side] ?? 0) + count
      total.failed.push(...failed)
    }
  })()
  try {
    await body()
  } finally {
    over.abort()
    await users
  }
  expect(total.failed).toEqual([])
  return total
}
