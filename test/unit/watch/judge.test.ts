// What follows from many looks: breach, blindness, passing, giving up, and when to look again.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDue, judge } from '../../../activities/watch/judge.ts'
import type { Verdict } from '../../../workflows/activities.ts'
import { EVERY_MS, START, after, guard, journey, lookAt, memoryOf, proof, watchOf } from './subjects.ts'

const errors = guard()
const verdictsOf = fc.array(fc.constantFrom<Verdict>('good', 'bad', 'unknown'), {
  minLength: 1,
  maxLength: 40,
})

function judged(subject: typeof errors, verdicts: Verdict[], overrides = {}) {
  return judge(watchOf([subject], overrides), memoryOf([subject, verdicts]), lookAt(verdicts.length))
}

describe('a breach', () => {
  it('is so many bad looks in a row', () => {
    expect(judged(errors, ['bad', 'bad']).kind).toBe('not yet')
    expect(judged(errors, ['bad', 'bad', 'bad'])).toEqual({ kind: 'breach', subject: 'errors' })
    expect(judged(errors, ['bad', 'bad', 'good', 'bad', 'bad']).kind).toBe('not yet')
  })

  it('is not prevented by a look without an answer in between', () => {
    expect(judged(errors, ['bad', 'unknown', 'bad', 'bad']).kind).toBe('breach')
  })

  it('is never made of unknown looks', () => {
    fc.assert(
      fc.property(verdictsOf, (verdicts) => {
        const bad = verdicts.filter((verdict) => verdict === 'bad').length
        if (bad < 3) expect(judged(errors, verdicts, { patient: false }).kind).not.toBe('breach')
      }),
    )
  })

  it('is found by any journey that may breach, and by no dry run, proof or gating journey', () => {
    const bad: Verdict[] = ['bad', 'bad', 'bad', 'bad']
    expect(judged(journey(3), bad).kind).toBe('breach')
    for (const subject of [guard({ dry_run: true }), proof(1_000), journey(null)]) {
      expect(judged(subject, bad).kind).toBe('not yet')
    }
  })

  it('outranks everything else that is true at the same moment', () => {
    expect(judged(errors, ['bad', 'bad', 'bad'], { deadline: START, limit: START }).kind).toBe('breach')
  })
})

describe('a watch that cannot see', () => {
  it('is blind after the patience of the guard, and says what the runbook wants done', () => {
    const unwinding = guard({ when_unknown: { for: '20s', do: 'unwind' } })
    expect(judged(unwinding, ['unknown', 'unknown']).kind).toBe('not yet')
    expect(judged(unwinding, ['unknown', 'unknown', 'unknown'])).toEqual({
      kind: 'blind',
      subject: 'errors',
      act: 'unwind',
    })
  })

  it.each([
    ['a journey', journey(3)],
    ['a proof', proof(3_600_000)],
  ])('is blind on %s that cannot be asked, as on a guard', (_, subject) => {
    const unknown = Array<Verdict>(13).fill('unknown')
    expect(judged(subject, unknown.slice(1)).kind).toBe('not yet')
    expect(judged(subject, unknown)).toEqual({ kind: 'blind', subject: subject.name, act: 'hold' })
  })

  it('leaves a journey that only gates to the limit of its watch', () => {
    expect(judged(journey(null), Array<Verdict>(40).fill('unknown')).kind).toBe('not yet')
  })

  it('goes on looking when a person has been asked already', () => {
    const impatient = guard({ when_unknown: { for: '0s', do: 'unwind' } })
    expect(judged(impatient, ['unknown'], { patient: false }).kind).toBe('not yet')
  })
})

describe('a stretch in which nobody looked', () => {
  const HOURS_MS = 6 * 3_600_000
  const beforeLast = (count: number): number[] => [...Array<number>(count - 1).fill(EVERY_MS), HOURS_MS]
  const now = (count: number): number => lookAt(count - 1) + HOURS_MS
  const judgedAfterGap = (subject: typeof errors, verdicts: Verdict[], overrides = {}) => {
    const memory = { subjects: { [subject.name]: after(subject, verdicts, beforeLast(verdicts.length)) } }
    return judge(watchOf([subject], overrides), memory, now(verdicts.length))
  }

  it('opens no gate with good looks from before it', () => {
    expect(judgedAfterGap(errors, ['good', 'good', 'good'], { deadline: START })).toMatchObject({
      kind: 'not yet',
      message: 'errors good, 1 of 3 good',
    })
  })

  it('makes no breach of bad looks from before it', () => {
    expect(judgedAfterGap(errors, ['bad', 'bad', 'bad'])).toMatchObject({
      kind: 'not yet',
      message: 'errors bad, 0 of 3 good, 1 bad in a row',
    })
  })

  it('is not counted as time without a reading', () => {
    expect(judgedAfterGap(errors, ['unknown', 'unknown']).kind).toBe('not yet')
  })

  it('is not counted as time that a proof has held', () => {
    expect(judgedAfterGap(proof(HOURS_MS), ['good', 'good']).kind).toBe('not yet')
  })

  it('asks nobody at once when the limit passed meanwhile: enough looks get their time first', () => {
    const pauses = [...beforeLast(3), EVERY_MS, EVERY_MS, EVERY_MS]
    const looks = (verdicts: Verdict[]) => {
      const memory = { subjects: { errors: after(errors, verdicts, pauses) } }
      const at = memory.subjects.errors.lookedAt
      return judge(watchOf([errors], { deadline: START, limit: START + EVERY_MS }), memory, at).kind
    }
    expect(looks(['good', 'good', 'good'])).toBe('not yet')
    expect(looks(['good', 'good', 'good', 'good', 'good'])).toBe('passed')
    expect(looks(['good', 'good', 'good', 'good', 'bad', 'good'])).toBe('inconclusive')
  })

  it('is longer than three intervals: a deploy between two looks is none', () => {
    const deploy = [EVERY_MS, EVERY_MS, 35_000]
    const counters = after(errors, ['bad', 'bad', 'bad'], deploy)
    expect(judge(watchOf([errors]), { subjects: { errors: counters } }, lookAt(3)).kind).toBe('breach')
  })
})

describe('a gate', () => {
  it('opens when the time is over and enough looks in a row were good', () => {
    const deadline = lookAt(4)
    expect(judged(errors, ['good', 'good', 'good'], { deadline }).kind).toBe('not yet')
    expect(judged(errors, ['bad', 'good', 'good', 'good'], { deadline }).kind).toBe('passed')
    expect(judged(errors, ['good', 'good', 'good', 'unknown'], { deadline }).kind).toBe('not yet')
  })

  it('never opens by an unknown look, nor without enough good ones', () => {
    fc.assert(
      fc.property(verdictsOf, fc.boolean(), (verdicts, patient) => {
        const judgement = judged(errors, verdicts, { deadline: START, patient })
        if (judgement.kind === 'passed') expect(verdicts.slice(-3)).toEqual(['good', 'good', 'good'])
      }),
    )
  })

  it('without a time stays shut, unless it waits for proofs and gating journeys only', () => {
    const good: Verdict[] = ['good', 'good', 'good']
    expect(judged(errors, good).kind).toBe('not yet')
    expect(judged(journey(3), good).kind).toBe('not yet')
    expect(judged(journey(null), good).kind).toBe('passed')
    expect(judge(watchOf([]), { subjects: {} }, START).kind).toBe('not yet')
  })

  it('waits for a proof that was good without a break', () => {
    const idle = proof(2 * EVERY_MS)
    expect(judged(idle, ['good', 'good']).kind).toBe('not yet')
    expect(judged(idle, ['good', 'good', 'good']).kind).toBe('passed')
    expect(judged(idle, ['good', 'unknown', 'good', 'good']).kind).toBe('not yet')
    expect(judge(watchOf([idle]), memoryOf([idle, ['good']]), START + 3_600_000).kind).toBe('not yet')
  })

  it('gives up at its limit and names what is missing', () => {
    const judgement = judged(errors, ['good', 'unknown', 'good'], { deadline: START, limit: lookAt(3) })
    expect(judgement).toEqual({ kind: 'inconclusive', waitingFor: ['errors: 1 of 3 good, good'] })
  })

  it('does not wait for dry runs', () => {
    const dry = guard({ name: 'p95', dry_run: true })
    const memory = memoryOf([errors, ['good', 'good', 'good']], [dry, ['bad', 'bad', 'bad']])
    expect(judge(watchOf([errors, dry], { deadline: START }), memory, lookAt(3)).kind).toBe('passed')
  })
})

describe('the next look', () => {
  it('is when the first subject is due, or just after the deadline', () => {
    const memory = memoryOf([errors, ['good']])
    expect(judge(watchOf([errors]), memory, START)).toMatchObject({ delayMs: EVERY_MS })
    expect(judge(watchOf([errors], { deadline: START + 4_000 }), memory, START)).toMatchObject({
      delayMs: 4_050,
    })
    expect(isDue(errors, memory.subjects['errors'], START + 4_000)).toBe(false)
    expect(isDue(errors, memory.subjects['errors'], START + EVERY_MS)).toBe(true)
    expect(isDue(errors, undefined, START)).toBe(true)
  })

  it('is sooner after a bad one where the guard says so', () => {
    const quick = guard({ recheck: '2s' })
    const bad = memoryOf([quick, ['good', 'bad']])
    expect(judge(watchOf([quick]), bad, lookAt(2))).toMatchObject({ kind: 'not yet', delayMs: 2_000 })
    expect(isDue(quick, bad.subjects['errors'], lookAt(2) + 2_000)).toBe(true)
    for (const last of ['good', 'unknown'] as const) {
      const memory = memoryOf([quick, ['bad', last]])
      expect(judge(watchOf([quick]), memory, lookAt(2))).toMatchObject({ delayMs: EVERY_MS })
    }
  })

  it('is announced in words', () => {
    const memory = memoryOf([errors, ['unknown', 'good']])
    const judgement = judge(watchOf([errors], { deadline: START + 300_000 }), memory, lookAt(2))
    expect(judgement).toMatchObject({ message: 'errors good, 1 of 3 good; at least until 14:05:00 UTC' })
  })
})
