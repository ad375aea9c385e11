// A preflight in a runbook: what it says of its checks is true, and the plan tries what the run will look at.
import { expect, test } from 'vitest'
import { kindOf, outline } from '../../../workflows/steps/kind-of.ts'
import { trialsOf } from '../../../workflows/trials.ts'
import { planOf, problemsOf, wrong } from './fixture.ts'

const FLEET = '  fleet: {'
const HOME =
  '  home: { provider: preflight/kubernetes, kubeconfig: env:KUBECONFIG, namespace: shop, workload: deployment/orders }\n'
const PREWARM = '- prewarm: { connection: fleet }'
const withStep = (fields: string): string =>
  wrong(FLEET, `${HOME}${FLEET}`).replace(PREWARM, `- preflight: { connection: home${fields} }\n  ${PREWARM}`)

test('changes nothing, and the plan looks through it once with what the run is going to ask of the place', async () => {
  const plan = await planOf(withStep(', factor: 2, drain: 45s, accept: { liveness: it never hangs }'))
  const step = plan.steps[0]!
  expect(outline(step, () => undefined)).toMatchObject({ changes: [], longestMs: 60_000, decides: null })
  expect(kindOf(step).changes).toBe(false)
  expect(trialsOf(plan).filter(({ what }) => what === 'preflight')).toEqual([
    {
      what: 'preflight',
      connection: plan.connections['home'],
      step: step.id,
      demand: { instances: null, factor: 2, drainMs: 45_000 },
      accepted: { liveness: 'it never hangs' },
      isFirst: true,
    },
  ])
})

test.each([
  {
    of: 'a check that the provider has not',
    fields: ', accept: { readines: why }',
    path: 'steps[0].preflight.accept.readines',
    message: /preflight\/kubernetes has no check readines/,
    fix: /its checks: instances, image, readiness/,
  },
  {
    of: 'two numbers of instances',
    fields: ', factor: 2, instances: 4',
    path: 'steps[0].preflight.factor',
    message: /exclude each other/,
    fix: /./,
  },
])('$of is refused', async ({ fields, path, message }) => {
  const [problem, ...others] = await problemsOf(withStep(fields))
  expect(problem).toMatchObject({ path, message: expect.stringMatching(message) })
  expect(others).toEqual([])
})
