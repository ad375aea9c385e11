// A cohort goes first, by a provider that can lead one, and is proven by answers that tell the sides apart.
import { expect, test } from 'vitest'
import { allSpecs } from '../../../client/runbook/load.ts'
import { preview } from '../../../client/runbook/preview.ts'
import { cautionsOf, planOf, problemsOf } from './fixture.ts'

const SIDES = 'old: { json: { version: v1 } }, new: { json: { version: v2 } }'

const runbook = ({
  edge = 'traffic/haproxy, socket: /run/h.sock, backend: orders, old: v1, new: v2, cohort: { map: /etc/h.map }',
  proof = `header: x-tenant, ${SIDES}`,
  before = '',
} = {}): string => `cutover: v1
service: orders
connections:
  edge: { provider: ${edge} }
  door: { provider: probe/http, url: "http://orders" }
  prom: { provider: metrics/prometheus, url: "http://prom:9090" }
guards:
  errors: { from: prom, query: 'sum(rate(errors{side="$side"}[1m]))', max: 0.5% }
steps:
${before}  - cohort: { connection: edge, members: [globex, acme, acme], proof: { connection: door, ${proof} } }
  - switch: { connection: edge }
`

test('is right on HAProxy: a target of its own beside the split', async () => {
  const plan = await planOf(runbook())
  expect(plan.targets.map(({ target }) => target)).toEqual(['cohort', 'split'])
})

test.each([
  {
    of: 'behind a share of all users',
    given: { before: '  - canary: { connection: edge, weights: [5%] }\n' },
    path: 'steps[1].cohort',
    message: /a share of all users is on the new side already/,
    fix: /before the canary/,
  },
  {
    of: 'by a provider that leads nobody by name',
    given: {
      edge: 'traffic/traefik, file: /etc/traefik/d/o.yml, api: "http://127.0.0.1:8080", service: app, old: a, new: b',
    },
    path: 'steps[0].cohort.connection',
    message: /traffic\/traefik cannot lead a cohort/,
    fix: /small share, or a connection that can: .*traffic\/haproxy/,
  },
  {
    of: 'with sides that answer alike',
    given: { proof: 'header: x-tenant, old: { contains: ok }, new: { contains: ok }' },
    path: 'steps[0].cohort.proof.new',
    message: /both sides would answer alike/,
    fix: null,
  },
  {
    of: 'with a status for a proof',
    given: { proof: 'header: x-tenant, old: { status: 200 }, new: { json: { version: v2 } }' },
    path: 'steps[0].cohort.proof.old',
    message: /a status alone tells no side/,
    fix: null,
  },
  {
    of: 'with neither header nor cookie',
    given: { proof: SIDES },
    path: 'steps[0].cohort.proof.header',
    message: /by which header or by which cookie/,
    fix: null,
  },
  {
    of: 'with a member for a stranger',
    given: { proof: `header: x-tenant, stranger: acme, ${SIDES}` },
    path: 'steps[0].cohort.proof.stranger',
    message: /acme is a member/,
    fix: null,
  },
])('$of it is refused, at its place', async ({ given, path, message, fix }) => {
  const [problem] = await problemsOf(runbook(given))
  expect(problem).toMatchObject({ path, message: expect.stringMatching(message) })
  if (fix !== null) expect(problem?.fix).toMatch(fix)
})

const ENVOY = 'traffic/envoy, routes: /r.json, admin: "http://127.0.0.1:9901", old: a, new: b'
const signed = (sign: string): string => runbook({ edge: `${ENVOY}, cohort: { ${sign} }` })

test.each([
  ['another header', 'header: x-user', 'header x-user'],
  ['a cookie', 'cookie: tenant', 'cookie tenant'],
])(
  'a proof that asks otherwise than the edge tells members by, %s, is worth a word at its place',
  async (_, sign, by) => {
    const text = signed(sign)
    expect(await problemsOf(text)).toEqual([])
    const [caution, ...others] = await cautionsOf(text)
    expect(others).toEqual([])
    expect(caution).toMatchObject({
      line: 10,
      column: (text.split('\n')[9] ?? '').indexOf('x-tenant') + 1,
      path: 'steps[0].cohort.proof.header',
      message: expect.stringMatching(
        new RegExp(`^the proof asks by header x-tenant, and edge tells members by ${by}: `),
      ),
      fix: `write ${sign}`,
    })
  },
)

test('the same header is the same in either case, and a map of HAProxy is asked by what nobody can read', async () => {
  expect(await cautionsOf(signed('header: X-Tenant'))).toEqual([])
  expect(await cautionsOf(runbook())).toEqual([])
})

test('an edge that is not told how it leads members is refused before anything is looked at', async () => {
  const [problem] = await problemsOf(runbook({ edge: ENVOY }))
  expect(problem).toMatchObject({
    path: 'steps[0].cohort.connection',
    message: 'edge does not say how it leads members, which a cohort needs',
    fix: 'give the connection edge the field cohort (traffic/envoy)',
  })
})

const NGINX =
  'traffic/nginx, file: /n/o.conf, variable: $pool, old: v1, new: v2, control: "http://127.0.0.1:81", check: [check], reload: [reload], log: /n/log, cohort: { variable: $to }'

test.each([
  ['$http_x_tenant', []],
  [
    '$http_x_user',
    [expect.stringMatching(/^the proof asks by header x-tenant, and edge tells members by \$http_x_user: /)],
  ],
  ['$tenant_of_token', []],
])('on NGINX the map that was found says whom it tells by: %s', async (tells, notes) => {
  const observed = { value: { users: [] }, facts: { tells } }
  const look = { connection: 'edge', target: 'cohort', observed, problem: null }
  const { steps } = preview(await planOf(runbook({ edge: NGINX })), { looks: [look], trials: [] }, allSpecs())
  expect(steps[0]?.notes).toEqual(notes)
})
