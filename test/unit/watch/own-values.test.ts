// What the run has set is looked at now and then; only another value, seen twice, is drift.
import { ApplicationFailure } from '@temporalio/common'
import { expect, it } from 'vitest'
import type { Asking } from '../../../activities/watch/asking.ts'
import { ownValuesDueAt, beginOwnValues, checkOwnValues } from '../../../activities/watch/own-values.ts'
import type { OwnValue } from '../../../workflows/activities.ts'
import type { Json } from '../../../workflows/json.ts'
import { START, prom } from './subjects.ts'

const HALF_A_MINUTE_MS = 30_000

const kept: OwnValue[] = [
  {
    connection: { ...prom, name: 'edge', port: 'traffic' },
    target: 'split',
    value: { old: 75, new: 25 },
  },
]

/** A backend that shows these values one after the other, the last one for ever; an error is thrown. */
function backend(...values: (Json | Error)[]): { asking: Asking; looks: () => number } {
  let looks = 0
  const observe = async () => {
    const value = values[Math.min(looks++, values.length - 1)] as Json | Error
    if (value instanceof Error) throw value
    return { value, writer: 'ana' }
  }
  const asking = { changingOf: () => ({ observe }), redact: (text: string) => text, deadlineMs: 4_000 }
  return { asking: asking as unknown as Asking, looks: () => looks }
}

/** Looks whenever it is due, `times` times, until drift is found. */
async function lookAgain(asking: Asking, times: number, isDoubtful = false) {
  const io = { signal: new AbortController().signal }
  let memory = beginOwnValues(START)
  const moments: number[] = []
  for (let time = 0; time < times; time++) {
    const at = ownValuesDueAt(memory, isDoubtful)
    moments.push(at - START)
    const look = await checkOwnValues(kept, memory, { at, asking, io, isDoubtful })
    if (look.drift !== null) return { moments, drift: look.drift }
    memory = look.memory
  }
  return { moments, drift: null }
}

it('is not looked at before half a minute has passed: it was read back when it was set', async () => {
  const { asking, looks } = backend({ old: 0, new: 100 })
  const io = { signal: new AbortController().signal }
  const at = START + HALF_A_MINUTE_MS - 1
  expect(
    await checkOwnValues(kept, beginOwnValues(START), { at, asking, io, isDoubtful: false }),
  ).toMatchObject({
    drift: null,
  })
  expect(looks()).toBe(0)
})

it('is drift when another value is found twice in a row, the second time a second later', async () => {
  const { asking } = backend({ old: 100, new: 0 })
  expect(await lookAgain(asking, 9)).toEqual({
    moments: [30_000, 31_000],
    drift: { connection: 'edge', target: 'split', found: { old: 100, new: 0 }, writer: 'ana' },
  })
})

it('is looked at sooner while a guard is not good: it may be why', async () => {
  const { asking } = backend({ old: 75, new: 25 }, { old: 100, new: 0 })
  expect(await lookAgain(asking, 9, true)).toMatchObject({ moments: [5_000, 10_000, 11_000], drift: {} })
})

it('is no drift when it is as set, with more said about it than was asked for', async () => {
  const { asking } = backend({ old: 75, new: 25, members: {} })
  expect(await lookAgain(asking, 3)).toEqual({ moments: [30_000, 60_000, 90_000], drift: null })
})

it('is no drift when the value was another one for a moment, or cannot be looked at', async () => {
  const down = ApplicationFailure.create({ type: 'Unavailable', message: 'refused' })
  const { asking } = backend({ old: 100, new: 0 }, { old: 75, new: 25 }, { old: 100, new: 0 }, down)
  expect(await lookAgain(asking, 5)).toMatchObject({ drift: null })
})
