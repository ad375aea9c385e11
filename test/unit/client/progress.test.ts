// What is waited for is said when it takes longer than a second, and leaves no trace on a terminal.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Place, withProgress } from '../../../client/output/progress.ts'

const CLEARED = '\r\u001b[K'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Works for so long, and gives what was written. */
async function said(ms: number, terminal: { isTTY: boolean; columns?: number }): Promise<string[]> {
  const written: string[] = []
  const place: Place = { ...terminal, write: (text: string | Uint8Array) => written.push(String(text)) > 0 }
  const work = () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), ms))
  const waited = withProgress(() => 'looking at 3 targets', work, place)
  await vi.advanceTimersByTimeAsync(ms)
  expect(await waited).toBe('done')
  return written
}

describe('a wait', () => {
  test('that is over within a second needs no words', async () => {
    expect(await said(900, { isTTY: true })).toEqual([])
    expect(await said(900, { isTTY: false })).toEqual([])
  })

  test('is counted on one line of a terminal, cut to it, and is gone afterwards', async () => {
    expect(await said(2_500, { isTTY: true, columns: 80 })).toEqual([
      `${CLEARED}looking at 3 targets (1 s)`,
      `${CLEARED}looking at 3 targets (2 s)`,
      CLEARED,
    ])
    const narrow = await said(1_500, { isTTY: true, columns: 24 })
    expect(narrow[0]).toBe(`${CLEARED}looking at 3 targets (1`)
  })

  test('is a line now and then in a log', async () => {
    expect(await said(21_000, { isTTY: false })).toEqual([
      'looking at 3 targets (10 s)\n',
      'looking at 3 targets (20 s)\n',
    ])
  })
})
