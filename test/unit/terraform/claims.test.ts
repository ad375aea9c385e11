// A plan names what the next `terraform apply` would put back, by which resource of which state, and what to write instead.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allSpecs, checkRunbook } from '../../../client/runbook/load.ts'
import { preview } from '../../../client/runbook/preview.ts'
import { claimsOf } from '../../../client/terraform/declared.ts'
import { statesOf } from '../../../client/terraform/states.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Observed } from '../../../workflows/ports/target.ts'
import type { TargetLook } from '../../../workflows/survey.ts'
import { LINEAGE, ROUTE, SECRET, inFile, route, shown, shownRoute, stateFile } from './state-files.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-terraform-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const KUBE = 'cluster: prod-eu, namespace: shop'

const runbook = (terraform: string): string => `cutover: v1
service: orders
connections:
  edge:  { provider: traffic/gateway-api, ${KUBE}, route: orders, old: orders-v1, new: orders-v2, counts: { from: { url: "http://prom:9090" }, old: a, new: b } }
  fleet: { provider: capacity/kubernetes, ${KUBE}, old: deployment/orders-v1, new: deployment/orders-v2 }
  zone:  { provider: dns/rfc2136, server: 10.0.0.53, zone: example.com., key: env:TSIG }
terraform:
${terraform}
guards: {}
steps:
  - prewarm: { connection: fleet }
  - switch:  { connection: edge, unwatched: none }
  - repoint: { connection: zone, records: { api.example.com. A: [198.51.100.7] }, unwatched: none }
`

const looked = (connection: string, target: string, observed: Partial<Observed>): TargetLook => ({
  connection,
  target,
  observed: { value: null, ...observed } as Observed,
  problem: null,
})

const WEIGHTS = {
  object: 'HTTPRoute shop/orders',
  patch: [
    { op: 'test', path: '/spec/rules/0/backendRefs/0/name', value: 'orders-v1' },
    { op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: 0 },
    { op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: 100 },
  ],
}

const LOOKS: TargetLook[] = [
  looked('edge', 'split', { value: { old: 100, new: 0 }, declares: [WEIGHTS] }),
  looked('fleet', 'new', {
    value: { count: 1 },
    declares: [
      { object: 'deployment shop/orders-v2', patch: [{ op: 'add', path: '/spec/replicas', value: 3 }] },
    ],
  }),
  looked('zone', 'api.example.com. A', { value: { ttl: 300, values: ['192.0.2.10'] } }),
]

async function claims(
  state: JsonObject,
  { looks = LOOKS, terraform = '  - state: prod.tfstate' }: { looks?: TargetLook[]; terraform?: string } = {},
) {
  await writeFile(join(folder, 'prod.tfstate'), JSON.stringify(state))
  const loaded = await checkRunbook(runbook(terraform), { file: join(folder, 'orders.yaml') })
  if (loaded.plan === undefined) throw new Error(JSON.stringify(loaded.problems))
  const { states, problems } = await statesOf(loaded)
  expect(problems).toEqual([])
  const found = claimsOf(loaded.plan, { states, looks, specs: allSpecs() })
  const { steps } = preview(loaded.plan, { looks, trials: [], claims: found }, allSpecs())
  expect(JSON.stringify([found, steps, loaded.plan])).not.toContain(SECRET)
  return { found, steps }
}

const WHERE = `in prod.tfstate, serial 12, lineage ${LINEAGE}`
const INSTEAD =
  'manifest.spec.rules[0].backendRefs[0].weight = 0 (100 in the state), manifest.spec.rules[0].backendRefs[1].weight = 100 (0 in the state)'
const END = 'let nobody apply during the run, and in the end make its configuration say'

test('an object in a module, by its address, with what to write instead; it stands at the step that changes it', async () => {
  const { found, steps } = await claims(stateFile(route()))
  const note = `Terraform manages HTTPRoute shop/orders (module.edge.kubernetes_manifest.route ${WHERE}): the next \`terraform apply\` puts back what its configuration says; ${END} ${INSTEAD}`
  expect(found).toEqual([{ connection: 'edge', target: 'split', note }])
  expect(steps.map(({ notes }) => notes)).toEqual([[], [`edge split: ${note}`], []])
})

test('what `terraform show -json` prints says the same, but no serial', async () => {
  const { found } = await claims(shown([], [shownRoute()]))
  expect(found.map(({ note }) => note)).toEqual([
    `Terraform manages HTTPRoute shop/orders (module.edge.kubernetes_manifest.route["eu"] in prod.tfstate, serial not in it): the next \`terraform apply\` puts back what its configuration says; ${END} ${INSTEAD}`,
  ])
})

test('a number that is sensitive is not said, in either form', async () => {
  const paths = [[{ type: 'get_attr', value: 'manifest' }]]
  const tree = { manifest: { spec: { rules: [{ backendRefs: [{ weight: true }, true] }] } } }
  for (const state of [stateFile(route({ sensitive_attributes: paths })), shown([], [shownRoute(tree)])]) {
    const { found } = await claims(state)
    expect(found[0]?.note).toContain(
      'backendRefs[0].weight = 0, manifest.spec.rules[0].backendRefs[1].weight = 100',
    )
    expect(found[0]?.note).not.toContain('in the state')
  }
})

test('offline it is named all the same, and what to write is not known', async () => {
  const { found } = await claims(stateFile(route()), { looks: [] })
  expect(found.map(({ note }) => note)).toEqual([expect.stringMatching(/say what the run has set$/)])
})

test('a Deployment as blocks, and one by kubectl whose body is sensitive', async () => {
  const blocks = {
    metadata: [{ name: 'orders-v2', namespace: 'shop' }],
    spec: [{ replicas: '1', template: [{ token: SECRET }] }],
  }
  const kubectl = {
    kind: 'Deployment',
    name: 'orders-v2',
    namespace: 'shop',
    api_version: 'apps/v1',
    yaml_body: SECRET,
  }
  const { found } = await claims(
    stateFile(
      inFile({ type: 'kubernetes_deployment_v1', name: 'orders' }, blocks),
      inFile({ type: 'kubectl_manifest', name: 'orders' }, kubectl),
    ),
  )
  expect(found.map(({ target, note }) => [target, note.split('configuration say ')[1]])).toEqual([
    ['new', 'spec.replicas = 3 (1 in the state)'],
    ['new', 'yaml_body: spec.replicas = 3'],
  ])
})

test('a record set, by its name in either provider, with what is put back; sensitive values are not shown', async () => {
  const a = { zone: 'Example.com.', name: 'api', addresses: ['192.0.2.10'], ttl: 300 }
  const power = { zone: 'example.com.', name: 'api.example.com.', type: 'A', ttl: 60, records: [SECRET] }
  const other = { ...power, name: 'www.example.com.' }
  const { found } = await claims(
    stateFile(
      inFile({ type: 'dns_a_record_set', name: 'api' }, a),
      inFile({ type: 'powerdns_record', name: 'api' }, power, {
        sensitive_attributes: [[{ type: 'get_attr', value: 'records' }]],
      }),
      inFile({ type: 'powerdns_record', name: 'www' }, other),
      inFile({ type: 'dns_a_record_set', name: 'read', mode: 'data' }, a),
    ),
  )
  expect(found.map(({ note }) => note)).toEqual([
    `Terraform manages api.example.com. A (dns_a_record_set.api ${WHERE}): the next \`terraform apply\` puts back 192.0.2.10, TTL 300s; ${END} addresses = ["198.51.100.7"]`,
    `Terraform manages api.example.com. A (powerdns_record.api ${WHERE}): the next \`terraform apply\` puts back its values (not shown: sensitive), TTL 60s; ${END} records = ["198.51.100.7"]`,
  ])
})

test('a Helm release, where the object says that it came with it', async () => {
  const release = inFile(
    { type: 'helm_release', name: 'orders' },
    { name: 'orders', namespace: 'shop', values: [SECRET] },
  )
  const [split, ...others] = LOOKS
  const marked = { ...split, observed: { ...split?.observed, releases: ['shop/orders'] } } as TargetLook
  const { found } = await claims(stateFile(release), { looks: [marked, ...others] })
  expect(found.map(({ target, note }) => [target, note.split(':')[0]])).toEqual([
    [
      'split',
      `Terraform manages its Helm release shop/orders (helm_release.orders in prod.tfstate, serial 12, lineage ${LINEAGE})`,
    ],
  ])
  expect((await claims(stateFile(release))).found).toEqual([])
})

test('what the next apply destroys or replaces is said as that', async () => {
  const fates = [route({ deposed: 'a1b2c3d4' }), route({ status: 'tainted' })]
  const { found } = await claims(stateFile(...fates))
  expect(found.map(({ note }) => /`terraform apply` (\w+) /.exec(note)?.[1])).toEqual([
    'destroys',
    'replaces',
  ])
})

test('an object of another name, namespace or kind is not meant, nor one that only other connections may hold', async () => {
  const others = [
    { ...ROUTE, metadata: { name: 'orders-v2', namespace: 'shop' } },
    { ...ROUTE, metadata: { name: 'orders' } },
    { ...ROUTE, kind: 'GRPCRoute' },
    { ...ROUTE, apiVersion: 'other.example/v1', metadata: { name: 'orders', namespace: 'shopping' } },
  ]
  const resources = others.map((manifest) => inFile({ type: 'kubernetes_manifest', name: 'x' }, { manifest }))
  expect((await claims(stateFile(...resources))).found).toEqual([])
  const elsewhere = '  - { state: prod.tfstate, connections: [zone, fleet] }'
  expect((await claims(stateFile(route()), { terraform: elsewhere })).found).toEqual([])
})

test('that a field manager of Terraform has written it is not said twice', async () => {
  const managed = 'Terraform declares it (field manager Terraform) and may put back weights set here'
  const looks = LOOKS.map((look) => ({
    ...look,
    observed:
      look.connection === 'edge'
        ? ({ ...look.observed, cautions: [managed, 'other'] } as Observed)
        : look.observed,
  }))
  const { steps } = await claims(stateFile(route()), { looks })
  expect(steps[1]?.notes).toEqual([
    expect.stringMatching(/^edge split: Terraform manages/),
    'edge split: other',
  ])
})
