// A refusal may be a server that is down for two seconds, or a token that was rotated a second late. On the way back every
// kind of failure but somebody else's value is tried again for as long as it takes, and nobody needs to say so; on the way
// there one that may pass is believed at the third try only.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FailureKind } from '../../workflows/failure.ts'
import { bounded, openBench } from '../workflow/bench.ts'
import type { Bench } from '../workflow/bench.ts'
import { thereAndBack } from '../workflow/runbooks.ts'

const AT_ONCE = 12
const TEST_MS = 300_000
const KINDS: FailureKind[] = ['Rejected', 'Denied', 'Missing', 'Config', 'Unsupported', 'Bug', 'Unavailable']
const PORTS = ['traffic', 'dns', 'capacity'] as const

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

test.each(['write', 'observe'] as const)(
  'a %s that is refused on the way back and works again after a while is restored without a person',
  async (verb) => {
    const cases = KINDS.flatMap((kind) => PORTS.map((port) => ({ kind, port })))
    const wrong = await bounded(cases, AT_ONCE, async ({ kind, port }) => {
      const run = await bench.begin(thereAndBack)
      await run.gate('approval')
      const trouble = run.world.script([{ when: { port, verb, call: 'every' }, fault: { kind } }])
      await run.abort()
      const { id, waitsFor } = await run.gate('restore')
      trouble.end() // nobody answers the question: the retries beside it find out
      const { outcome } = await run.ended()
      const { decisions } = await run.state()
      const problems = [
        outcome === 'restored' ? null : outcome,
        run.world.snapshot() === run.before ? null : `left ${run.world.snapshot()}`,
        waitsFor.includes(kind) ? null : `the question ${id} does not name the refusal: ${waitsFor}`,
        decisions.some(({ gate }) => gate === id) ? 'somebody answered' : null,
      ].filter((one) => one !== null)
      return problems.map((problem) => `${port} ${kind}: ${problem}`)
    })
    expect(wrong.flat()).toEqual([])
  },
  TEST_MS,
)

test.each(['write', 'observe'] as const)(
  'a %s that is refused twice on the way there, as by a token that was rotated a second late, turns nothing back',
  async (verb) => {
    const kinds: FailureKind[] = ['Denied', 'Missing', 'Unavailable']
    const cases = kinds.flatMap((kind) => PORTS.map((port) => ({ kind, port })))
    const wrong = await bounded(cases, AT_ONCE, async ({ kind, port }) => {
      const run = await bench.begin(thereAndBack, {
        prepare: (world) =>
          void world.script([1, 2].map((call) => ({ when: { port, verb, call }, fault: { kind } }))),
      })
      const asked = run.gate('approval').then(() => null)
      const ended = run.ended().then(({ reason }) => `turned back: ${JSON.stringify(reason)}`)
      const why = await Promise.race([asked, ended])
      if (why === null) await run.abort()
      await ended
      return why === null ? [] : [`${port} ${kind}: ${why}`]
    })
    expect(wrong.flat()).toEqual([])
  },
  TEST_MS,
)
