// A promotion is the last word about a version: refused where nobody can promote, while the old side still serves, and before users
// are moved on; the plan says that nothing leads back.
import { expect, test } from 'vitest'
import { paint } from '../../../client/output/paint.ts'
import { allSpecs } from '../../../client/runbook/load.ts'
import { preview } from '../../../client/runbook/preview.ts'
import { previewLines } from '../../../client/runbook/preview-text.ts'
import { outline } from '../../../workflows/steps/kind-of.ts'
import { example, planOf, problemsOf } from './fixture.ts'

const TEXT = example('mesh-canary-rollouts')
const PROMOTE = /^ {2}- promote: .*\n/m

test.each([
  {
    of: 'by a provider that has no such thing',
    text: example('mesh-canary').concat('  - promote: { connection: edge }\n'),
    path: 'steps[3].promote.connection',
    message: /^traffic\/istio cannot promote, which a promote needs$/,
    fix: /^leave the step out: .*, or a connection that can: .*traffic\/argo-rollouts.*traffic\/flagger/,
  },
  {
    of: 'while half of the users are on the old side',
    text: TEXT.replace(/^ {2}- switch: .*\n/m, ''),
    path: 'steps[1].promote.connection',
    message: /the old side still serves 50% of edge then/,
    fix: /a switch of edge before it/,
  },
  {
    of: 'before users are moved, who could not be led back',
    text: `${TEXT}  - repoint: { connection: zone, records: { "api.example.com. A": [192.0.2.20] }, unwatched: a test }\n`.replace(
      'connections:\n',
      'connections:\n  zone: { provider: dns/rfc2136, server: "192.0.2.53", zone: example.com., key: "env:KEY", key_name: k }\n',
    ),
    path: 'steps[2].promote',
    message: /step 4 \(repoint\) moves users behind the point of no return/,
    fix: /^move it behind the repoint$/,
  },
])('is refused $of, at its place', async ({ text, path, message, fix }) => {
  const problems = await problemsOf(text)
  expect(problems).toContainEqual(
    expect.objectContaining({
      path,
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    }),
  )
})

test('the plan says who decides it, and that nothing leads back', async () => {
  expect(TEXT).toMatch(PROMOTE)
  const shown = preview(await planOf(TEXT), { looks: [], trials: [] }, allSpecs())
  expect(shown.steps.at(-1)).toMatchObject({
    decides: expect.stringContaining('ana'),
    changes: [{ connection: 'edge', target: 'stable', desired: { stable: 'new' } }],
  })
  const text = previewLines(shown, { width: 300, paint: paint(false), offline: true }).join('\n')
  expect(text).toMatch(
    /point of no return: after this step going back is refused, because .* no abort leads from it to the old one/,
  )
  expect(text.indexOf('point of no return')).toBeGreaterThan(text.indexOf('switch edge'))
})

test('a version that is the stable one already is a problem of the plan', async () => {
  const plan = await planOf(TEXT)
  const last = plan.steps.at(-1)!
  expect(outline(last, () => ({ stable: 'old' })).problems).toEqual([])
  expect(outline(last, () => ({ stable: 'new' })).problems).toMatchObject([
    { connection: 'edge', target: 'stable', problem: expect.stringContaining('nothing to promote') },
  ])
})
