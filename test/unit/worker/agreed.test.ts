// The last look at a plan before anything is claimed: by its digest, and by what this worker has.
import { expect, it } from 'vitest'
import { demandAgreed } from '../../../activities/change/agreed.ts'
import { connector } from '../../../activities/connect.ts'
import { kindOf } from '../../../activities/failure.ts'
import { digestOf, withFound } from '../../../client/runbook/resolve.ts'
import type { Plan } from '../../../workflows/plan.ts'
import { testDeps } from '../../contract/deps.ts'
import { example, planOf } from '../runbook/fixture.ts'

const ports = connector(testDeps())
const plan = await planOf(example('orders-canary'))

function refused(of: Plan): { kind: string | null; message: string } | null {
  try {
    demandAgreed(of, ports)
    return null
  } catch (error) {
    return { kind: kindOf(error), message: (error as Error).message }
  }
}

it('a plan is carried out under its digest, also with what was found, and after a way over the wire', () => {
  expect(refused(plan)).toBeNull()
  const found = plan.targets.map(({ connection, target }) => ({ connection, target, value: { any: -0.5 } }))
  expect(refused(JSON.parse(JSON.stringify(withFound(plan, found))) as Plan)).toBeNull()
})

it.each<[string, Partial<Plan>]>([
  ['a guard taken out', { guards: [] }],
  [
    'a value put in as found',
    { found: [{ connection: 'edge', target: 'split', value: { old: 0, new: 100 } }] },
  ],
  ['another drain', { drain: '1ms' }],
  ['a lock left out', { targets: [] }],
])('%s behind the digest is refused', (_name, over) => {
  expect(refused({ ...plan, ...over })).toEqual({
    kind: 'Config',
    message: expect.stringMatching(
      /not the one that was agreed to: it names digest \w{12}, its content has \w{12}/,
    ),
  })
})

it('a connection that this worker cannot make is refused now, not at its step', () => {
  const [name = '', connection] = Object.entries(plan.connections)[0] ?? []
  const newer = (over: object): Plan => {
    const changed = {
      ...plan,
      connections: { ...plan.connections, [name]: { ...connection, ...over } },
    } as Plan
    return { ...changed, digest: digestOf(changed) }
  }
  expect(refused(newer({ provider: 'traffic/tomorrow' }))?.message).toContain(
    'this worker has no provider "traffic/tomorrow"',
  )
  expect(refused(newer({ config: { later: true } }))?.kind).toBe('Config')
})
