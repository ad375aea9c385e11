// What puts back what a run sets is suspended, handed back, and not for too short; the plan says who is covered and what must be declared.
import { expect, test } from 'vitest'
import { paint } from '../../../client/output/paint.ts'
import { allSpecs } from '../../../client/runbook/load.ts'
import { preview } from '../../../client/runbook/preview.ts'
import { previewLines } from '../../../client/runbook/preview-text.ts'
import type { TargetLook } from '../../../workflows/survey.ts'
import { RIGHT, cautionsOf, planOf, problemsOf } from './fixture.ts'

const GITOPS = '  gitops: { provider: reconciler/argo-cd, namespace: argocd, application: orders }\nguards:'
const SUSPEND = '  - suspend: { connection: gitops, expires: 30d }\n'
const HANDBACK = '  - handback: { connection: gitops }\n'

const around = (before: string, after: string): string =>
  RIGHT.replace('guards:', GITOPS).replace('steps:\n', `steps:\n${before}`) + after

test('a suspension that is handed back is right, and long enough', async () => {
  expect(await problemsOf(around(SUSPEND, HANDBACK))).toEqual([])
  const about = (await cautionsOf(around(SUSPEND, HANDBACK))).filter(({ path }) => path.includes('suspend'))
  expect(about).toEqual([])
})

test.each([
  {
    of: 'a suspension that is never handed back',
    text: around(SUSPEND, ''),
    path: 'steps[0].suspend.connection',
    message: /never handed back/,
    fix: /handback: \{ connection: gitops \}/,
  },
  {
    of: 'a handback before it',
    text: around(HANDBACK + SUSPEND, HANDBACK),
    path: 'steps[0].handback.connection',
    message: /nothing has suspended gitops/,
    fix: /suspend it first/,
  },
  {
    of: 'a second suspension',
    text: around(SUSPEND + SUSPEND, HANDBACK),
    path: 'steps[1].suspend.connection',
    message: /suspended already/,
    fix: /leave gitops out/,
  },
])('$of is refused', async ({ text, path, message, fix }) => {
  const [problem, ...others] = await problemsOf(text)
  expect(problem).toMatchObject({
    path,
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })
  expect(others).toEqual([])
})

test('one that ends before its steps may is worth a word, with the time that they may take', async () => {
  const cautions = await cautionsOf(around('  - suspend: { connection: gitops, expires: 2h }\n', HANDBACK))
  const [caution] = cautions.filter(({ path }) => path === 'steps[0].suspend.expires')
  expect(caution?.message).toMatch(/may take \d+d.*, and it goes on after 2h/)
})

const WORDS =
  'Argo CD declares it (application orders) and may put back weights set here: suspend its automated sync for the time of the run'
const DECLARES = [{ object: 'HTTPRoute shop/orders', patch: [{ op: 'add', path: '/spec/x', value: 0 }] }]

function looks(names: string[]): TargetLook[] {
  const reconcilers = [
    { name: 'Argo CD application orders', object: 'HTTPRoute shop/orders', caution: WORDS },
  ]
  const value = { suspended: false, policy: { selfHeal: true } }
  return [
    {
      connection: 'edge',
      target: 'split',
      observed: { value: { old: 100, new: 0 }, cautions: [WORDS], reconcilers, declares: DECLARES },
      problem: null,
    },
    { connection: 'gitops', target: 'reconciling', observed: { value, facts: { names } }, problem: null },
  ]
}

async function shown(names: string[]) {
  const plan = await planOf(around(SUSPEND, HANDBACK))
  const told = preview(plan, { looks: looks(names), trials: [] }, allSpecs())
  const text = previewLines(told, { width: 200, paint: paint(false), offline: false }).join('\n')
  return { told, text }
}

test('whoever declares a target and is suspended before it is named as such, and what must be declared stands at the handback', async () => {
  const { told, text } = await shown(['Argo CD application orders'])
  expect(text).not.toContain(WORDS)
  expect(text).toContain(
    'covered   Argo CD application orders declares HTTPRoute shop/orders; step 1 suspends it (gitops)',
  )
  expect(text).toContain('declare   HTTPRoute shop/orders: [{"op":"add","path":"/spec/x","value":0}]')
  expect(told.steps.filter(({ declare }) => declare.length > 0).map(({ kind }) => kind)).toEqual(['handback'])
  expect(text).toContain('gitops reconciling: reconciling -> suspended by cutover')
  expect(text).toContain('gitops reconciling: suspended by cutover -> reconciling')
})

test('one whom no step suspends stays a warning, word for word', async () => {
  const { told, text } = await shown(['Argo CD application payments'])
  expect(text).toContain(WORDS)
  expect(told.steps.every(({ covered }) => covered.length === 0)).toBe(true)
})
