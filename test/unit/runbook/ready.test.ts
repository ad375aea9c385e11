// Whether a run may be started: the whole list of what stands in its way, and what may be gone over.
import { describe, expect, test } from 'vitest'
import { Problem } from '../../../client/problem.ts'
import { demandReady } from '../../../client/run/ready.ts'
import type { TrialResult } from '../../../workflows/trial.ts'
import { RIGHT, planOf } from './fixture.ts'

function trial(what: TrialResult['what'], problem: string): TrialResult {
  return {
    what,
    name: `${what} x`,
    connection: 'prom',
    target: null,
    step: null,
    text: '',
    notes: [],
    problem,
  }
}

type Given = { trials?: TrialResult[]; actor?: string; isIgnoring?: boolean; text?: string }

async function ready({
  trials = [],
  actor = 'mia',
  isIgnoring = false,
  text = RIGHT,
}: Given): Promise<string[] | Problem> {
  const review = { plan: await planOf(text), survey: { looks: [], trials } }
  try {
    return demandReady(review, { file: 'orders.yaml', actor, isIgnoring })
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

const DOWN = trial('guard', 'Unavailable: nobody there')
const HELD = trial('lock', 'Conflict: haproxy is held by the run of carts')

describe('a start', () => {
  test('with nothing in its way is ready', async () => {
    expect(await ready({})).toEqual([])
  })

  test('over problems is refused with all of them, in words and for scripts', async () => {
    const refused = (await ready({ trials: [DOWN, trial('secrets', 'Config: not set')] })) as Problem
    expect(refused.what).toBe('no run of orders was started: 2 problems in the way')
    expect(refused.why).toBe('guard x: Unavailable: nobody there\nsecrets x: Config: not set')
    expect(refused.facts).toMatchObject({
      code: 'not-ready',
      problems: [{ what: 'guard' }, { what: 'secrets' }],
    })
  })

  test('may go over what does not work, and hands on what that was', async () => {
    expect(await ready({ trials: [DOWN], isIgnoring: true })).toEqual(['guard x: Unavailable: nobody there'])
  })

  test('never goes over a lock: the run would end at once', async () => {
    const refused = (await ready({ trials: [DOWN, HELD], isIgnoring: true })) as Problem
    expect(refused.why).toContain('held by the run of carts')
    expect(refused.facts['code']).toBe('locked')
    expect(refused.todo.join()).not.toContain('--ignore-problems')
  })

  test('by one of two whom a question needs is refused: who starts a run cannot approve it', async () => {
    const text = RIGHT.replace('steps:\n', 'steps:\n  - approve: { people: [ana, raj], quorum: 2 }\n')
    expect(await ready({ text, actor: 'mia' })).toEqual([])
    const refused = (await ready({ text, actor: ' Ana' })) as Problem
    expect(refused.why).toContain('which leaves only raj of the 2 it needs: let somebody else start it')
    expect(await ready({ text: text.replace('quorum: 2', 'quorum: 1'), actor: 'ana' })).toEqual([])
    expect(
      await ready({ text: text.replace('quorum: 2', 'quorum: 2, self_approval: true'), actor: 'ana' }),
    ).toEqual([])
  })
})
