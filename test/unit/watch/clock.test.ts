// The time of a watch, on servers that stamp a retry differently.
import { expect, it } from 'vitest'
import { serverTime } from '../../../activities/watch/clock.ts'
import { START } from './subjects.ts'

const last = { endedAt: START + 20, dueAt: START + 60_000 }

it('is the stamp of the server at the first look, and where the stamp is the time it was due', () => {
  expect(serverTime(START, null)).toBe(START)
  expect(serverTime(START + 60_012, last)).toBe(START + 60_012)
  expect(serverTime(START + 3_600_000, last)).toBe(START + 3_600_000)
})

it('is the time that was asked for where the stamp is the end of the look before', () => {
  expect(serverTime(START + 25, last)).toBe(START + 60_000)
})

it('is not brought forward by an attempt that somebody made come early', () => {
  expect(serverTime(START + 30_000, last)).toBe(START + 30_000)
})
