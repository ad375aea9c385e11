// Steps that name several connections, guards of one edge, names that lead to an edge: what is right of them, and each mistake at its place.
import { describe, expect, test } from 'vitest'
import { watchedGuards } from '../../../client/runbook/watched.ts'
import { declaredBy, edgesOf } from '../../../workflows/edges.ts'
import { RIGHT, cautionsOf, example, planOf, problemsOf } from './fixture.ts'

const EDGES = `  east: { provider: traffic/haproxy, socket: /run/e.sock, backend: orders, old: v1, new: v2 }
  west: { provider: traffic/haproxy, socket: /run/w.sock, backend: orders, old: v1, new: v2 }
`
const GUARD = `query: 'sum(rate(errors{side="$side"}[1m]))', max: 0.5% }`

const FRAME = `cutover: v1
service: orders
connections:
${EDGES}  prom: { provider: metrics/prometheus, url: "http://prom:9090" }
  fleet: { provider: capacity/command, observe: [look], apply: [set] }
  zone: { provider: dns/rfc2136, server: 10.0.0.53, zone: example.com., key: env:TSIG }
`

const runbook = (steps: string, guards = `  errors: { from: prom, ${GUARD}\n`): string =>
  `${FRAME}guards:\n${guards}steps:\n${steps}`

async function said(text: string): Promise<string[]> {
  return (await problemsOf(text)).map(({ path, message }) => `${path}: ${message}`)
}

describe('a list of connections', () => {
  test('is changed in its order, share by share', async () => {
    const plan = await planOf(runbook('  - canary: { connection: [west, east], weights: [5%, 50%] }\n'))
    expect(plan.steps[0]?.title).toBe('canary 5% 50% on west, east')
    expect(plan.targets.map(({ connection }) => connection).toSorted()).toEqual(['east', 'west'])
    expect(edgesOf(plan).map(({ name }) => name)).toEqual(['west', 'east'])
  })

  test.each([
    ['a name twice', '[west, east, west]', 'steps[0].switch.connection[2]: west is named twice'],
    ['an unknown one', '[west, eest]', 'steps[0].switch.connection[1]: there is no connection "eest"'],
    [
      'one of another port',
      '[west, fleet]',
      'steps[0].switch.connection[1]: fleet is a capacity connection, a traffic connection is needed here',
    ],
    ['no name', '[]', 'steps[0].switch.connection: must not be empty'],
    ['a number', '5', 'steps[0].switch.connection: not a valid value: a number'],
  ])('%s is told at its place', async (_what, names, problem) => {
    expect(await said(runbook(`  - switch: { connection: ${names} }\n`))).toContain(problem)
  })

  test('of one real target under two names is refused', async () => {
    const text = runbook('  - switch: { connection: [west, east] }\n').replace('/run/e.sock', '/run/w.sock')
    const [problem] = await problemsOf(text)
    expect(problem).toMatchObject({
      path: 'steps[0].switch.connection[1]',
      message: 'east and west are the same target: haproxy /run/w.sock backend orders',
      fix: 'leave east out',
    })
  })

  test('of which one cannot do what is asked is refused for that one', async () => {
    const steps = '  - shadow: { connection: [west, east] }\n'
    expect(await said(runbook(steps))).toEqual([
      'steps[0].shadow.connection[0]: traffic/haproxy cannot mirror traffic, which a shadow needs',
      'steps[0].shadow.connection[1]: traffic/haproxy cannot mirror traffic, which a shadow needs',
    ])
  })

  test('of which one has all traffic on the new side already has nothing left to mirror there', async () => {
    const text = RIGHT.replace(/ {2}- shadow.*\n/, '').replace(
      '  - repoint',
      '  - switch: { connection: mesh }\n  - shadow: { connection: mesh }\n  - repoint',
    )
    expect(await said(text)).toContainEqual(expect.stringMatching(/nothing is left to mirror/))
  })
})

describe('a guard of one edge', () => {
  const PAIR = '  - switch: { connection: [west, east] }\n'

  test('watches the users of that edge only', async () => {
    const plan = await planOf(example('regions'))
    const watched = watchedGuards(plan).map((guards) => guards.map(({ name }) => name))
    expect(watched[1]).toEqual(['errors-west'])
    expect(watched[4]).toEqual(['errors-east', 'errors-west'])
  })

  test('leaves the others of its step unwatched: the plan is refused', async () => {
    expect(await said(runbook(PAIR, `  errors: { from: prom, of: west, ${GUARD}\n`))).toEqual([
      'steps[0].switch: no guard acts on this switch of east (errors watches west): nothing would send its users back',
    ])
  })

  test('of each is enough', async () => {
    const guards = `  a: { from: prom, of: west, ${GUARD}\n  b: { from: prom, of: east, ${GUARD}\n`
    expect(await said(runbook(PAIR, guards))).toEqual([])
  })

  test('does not make a reason untrue that is given for another edge', async () => {
    const steps =
      '  - switch: { connection: west }\n  - switch: { connection: east, unwatched: tried before }\n'
    expect(await said(runbook(steps, `  a: { from: prom, of: west, ${GUARD}\n`))).toEqual([])
  })

  test('that is no traffic connection is refused', async () => {
    expect(await said(runbook(PAIR, `  a: { from: prom, of: fleet, ${GUARD}\n`))).toContain(
      'guards.a.of: fleet is a capacity connection, a traffic connection is needed here',
    )
  })
})

describe('a name that leads to an edge', () => {
  const steps = (serves: string): string =>
    `  - repoint: { connection: zone, records: { api.example.com. A: [192.0.2.1] }${serves}, unwatched: nobody moves }
  - canary: { connection: west, weights: [50%] }
`

  test('moves nobody, so that guards of the new side sleep until the edge sends users there', async () => {
    const plan = await planOf(runbook(steps(', serves: edge')))
    expect(watchedGuards(plan).map((guards) => guards.length)).toEqual([0, 1])
    const of = { connection: 'zone', target: 'api.example.com. A' }
    expect(declaredBy(plan, plan.steps[0]?.id ?? '', of)).toBe('edge')
  })

  test('is moved to the new side where nothing is said: the guard acts, and the reason is untrue', async () => {
    const cautions = await cautionsOf(runbook(steps('')))
    expect(cautions.map(({ path, message }) => `${path}: ${message}`)).toContainEqual(
      'steps[0].repoint.unwatched: errors does act on this repoint',
    )
  })

  test('that leads nowhere known is refused', async () => {
    const [problem] = await problemsOf(runbook(steps(', serves: egde')))
    expect(problem).toMatchObject({ path: 'steps[0].repoint.serves', fix: 'one of old, new, edge' })
  })
})
