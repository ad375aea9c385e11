// How long an accepted write may need to show: the provider's figure, and never so short that there is no second look.
import { milliseconds } from '../quantities.ts'
import type { Run } from './run.ts'
import { connectionOf } from './run.ts'

const MS_MIN = 1_000 // one more look, also where a backend is said to show everything at once

export function showsWithinMs(run: Run, connection: string): number {
  return Math.max(MS_MIN, milliseconds(connectionOf(run, connection).showsWithin))
}
