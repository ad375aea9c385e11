// Every mistake in a runbook is found, at its very place, with what would be right.
import { describe, expect, test } from 'vitest'
import { RIGHT, cautionsOf, problemsOf, wrong } from './fixture.ts'

/** [what is wrong, text exchanged, by what, path, part of the message, part of the fix] */
const MISTAKES: [string, string, string, string, RegExp, RegExp | null][] = [
  ['an unknown version', 'cutover: v1', 'cutover: v2', 'cutover', /must be v1/, /v1/],
  [
    'a service that is no name',
    'service: orders',
    'service: Orders API',
    'service',
    /lower case/,
    /orders-api/,
  ],
  ['a mistyped key at the top', 'notify:', 'notfy:', 'notfy', /unknown key/, /"notify"/],
  [
    'a mistyped key of a guard',
    'max: 0.5%',
    'max: 0.5%\n    evry: 5s',
    'guards.errors.evry',
    /unknown key/,
    /"every"/,
  ],
  ['a mistyped key of a step', 'hold: 5m', 'hodl: 5m', 'steps[3].canary.hodl', /unknown key/, /"hold"/],
  [
    'a mistyped key of a connection',
    'backend:',
    'backned:',
    'connections.edge.backned',
    /unknown key/,
    /"backend"/,
  ],
  ['a missing key', ', backend: orders', '', 'connections.edge.backend', /missing/, /backend section/],
  [
    'an unknown provider',
    'traffic/haproxy',
    'traffic/haproxi',
    'connections.edge.provider',
    /no such provider/,
    /"traffic\/haproxy"/,
  ],
  [
    'a provider without its port',
    'dns/rfc2136',
    'rfc2136',
    'connections.zone.provider',
    /no such provider/,
    /"dns\/rfc2136"/,
  ],
  [
    'one person twice on a list',
    '- hold:',
    '- approve: { title: t, people: [ana, raj, "Ana "] }\n  - hold:',
    'steps[6].approve.people[2]',
    /one person twice/,
    null,
  ],
  [
    'a quorum of more people than there are',
    '- hold:',
    '- approve: { title: t, people: [ana, raj], quorum: 3 }\n  - hold:',
    'steps[6].approve.quorum',
    /exceeds the number of people/,
    null,
  ],
  [
    'a quorum of a decommission that nobody can reach',
    'per_instance: 100 } }',
    'per_instance: 100 }, people: [ana], quorum: 2 }',
    'steps[7].decommission.quorum',
    /exceeds the number of people/,
    null,
  ],
  [
    'a person without a name',
    '- hold:',
    '- approve: { title: t, people: [" "] }\n  - hold:',
    'steps[6].approve.people[0]',
    /empty when it is trimmed/,
    null,
  ],
  ['an unknown step kind', '- hold:', '- hodl:', 'steps[6].hodl', /no step kind/, /"hold"/],
  [
    'a duration in words',
    'hold: 5m',
    'hold: 5 minutes',
    'steps[3].canary.hold',
    /not a duration/,
    /write 5m$/,
  ],
  ['a duration without unit', 'hold: 5m', 'hold: 5', 'steps[3].canary.hold', /must be text/, /5s, 5m or 5h/],
  ['a duration in weeks', 'for: 24h', 'for: 2w', 'steps[6].hold.for', /not a duration/, /14d/],
  ['a weight without percent', '[5%, 50%]', '[5%, 50]', 'steps[3].canary.weights[1]', /must be text/, /50%/],
  [
    'a weight as a ratio',
    '[5%, 50%]',
    '[0.05, 50%]',
    'steps[3].canary.weights[0]',
    /must be text/,
    /write 5%/,
  ],
  ['weights that fall', '[5%, 50%]', '[50%, 5%]', 'steps[3].canary.weights[1]', /must rise/, /rising/],
  [
    'a weight over 100 %',
    '[5%, 50%]',
    '[5%, 150%]',
    'steps[3].canary.weights[1]',
    /exceed 100%/,
    /100% or less/,
  ],
  [
    'a weight the provider cannot set',
    '[5%, 50%]',
    '[0.5%, 50%]',
    'steps[3].canary.weights[0]',
    /steps of 1%/,
    /1%/,
  ],
  ['a limit in words', 'max: 0.5%', 'max: half', 'guards.errors.max', /form/, /0\.5%/],
  [
    'a count without its words',
    'max: 0.5%',
    'max: 0.5%\n    breach: 3',
    'guards.errors.breach',
    /must be text/,
    /3 in a row/,
  ],
  ['a guard without a number', '    max: 0.5%\n', '', 'guards.errors', /needs a number/, null],
  [
    'limits that exclude everything',
    'max: 0.5%',
    'max: 1%\n    min: 2%',
    'guards.errors.min',
    /min exceeds max/,
    null,
  ],
  [
    'an undefined connection',
    'from: prom\n',
    'from: prmo\n',
    'guards.errors.from',
    /no connection "prmo"/,
    /"prom"/,
  ],
  [
    'a connection of the wrong port',
    'canary: { connection: edge',
    'canary: { connection: zone',
    'steps[3].canary.connection',
    /dns connection, a traffic/,
    /edge, mesh/,
  ],
  [
    'an undefined guard',
    'for: 24h',
    'for: 24h, guards: [error]',
    'steps[6].hold.guards[0]',
    /no guard/,
    /"errors"/,
  ],
  [
    'a notify entry of the wrong port',
    'notify: [ops]',
    'notify: [ops, prom]',
    'notify[1]',
    /notify connection is needed/,
    /ops/,
  ],
  [
    'a shadow where nothing mirrors',
    'shadow: { connection: mesh',
    'shadow: { connection: edge',
    'steps[2].shadow.connection',
    /cannot mirror/,
    /traffic\/envoy/,
  ],
  [
    'a query that does not parse',
    'errors{side="$side"}[1m]',
    'errors{side=}[1m]',
    'guards.errors.query',
    /not PromQL/,
    null,
  ],
  ['a query that ends early', '[1m]))', '[1m]', 'guards.errors.query', /ends too early/, /close/],
  ['a query that compares', '[1m]))', '[1m])) > 5', 'guards.errors.query', /compares/, /max:/],
  [
    'a query that compares in parentheses',
    'query: sum(rate(errors{side="$side"}[1m]))',
    'query: ((a > 5))',
    'guards.errors.query',
    /compares/,
    /bool/,
  ],
  ['a query that hides an outage', '[1m]))', '[1m])) or vector(0)', 'guards.errors.query', /"or"/, /outage/],
  [
    'a query of a range',
    'sum(rate(errors{side="$side"}[1m]))',
    'errors[1m]',
    'guards.errors.query',
    /range/,
    /rate/,
  ],
  [
    'an idle proof that compares',
    '"sum(rate(x[5m]))"',
    'x == 0',
    'steps[7].decommission.idle_proof.query',
    /compares/,
    null,
  ],
  [
    'a step of two kinds',
    '- switch: { connection: edge }',
    '- switch: { connection: edge }\n    hold: { for: 1h }',
    'steps[4].hold',
    /one kind/,
    /step of its own/,
  ],
  [
    'a field beside its step',
    '- hold: { for: 24h }',
    '- hold: {}\n    for: 24h',
    'steps[6].for',
    /one kind/,
    /indent/,
  ],
  ['a step that is a word', '- hold: { for: 24h }', '- hold', 'steps[6]', /mapping/, /- hold: \{\}/],
  ['a step without fields', '- hold: { for: 24h }', '- hold:', 'steps[6].hold', /not nothing/, /indent/],
  [
    'a canary after the switch',
    '- hold: { for: 24h }',
    '- canary: { connection: edge, weights: [5%] }',
    'steps[6].canary.weights[0]',
    /rise over the whole/,
    /remove/,
  ],
  [
    'a second switch',
    '- hold: { for: 24h }',
    '- switch: { connection: edge }',
    'steps[6].switch',
    /rise over the whole/,
    /remove/,
  ],
  [
    'a shadow after the switch',
    '- hold: { for: 24h }',
    '- switch: { connection: mesh }\n  - shadow: { connection: mesh }',
    'steps[7].shadow',
    /nothing is left to mirror/,
    /before/,
  ],
  [
    'a side taken away under traffic',
    '- switch: { connection: edge }',
    '- hold: { for: 1m }',
    'steps[7].decommission',
    /still serves 50%/,
    /switch/,
  ],
  [
    'the serving side taken away',
    'decommission: { connection: fleet,',
    'decommission: { connection: fleet, side: new,',
    'steps[7].decommission.side',
    /new side serves/,
    /old/,
  ],
  [
    'traffic moved after the end',
    '- prewarm: { connection: fleet }',
    '- decommission: { connection: fleet, side: old, idle_proof: { from: prom, query: x } }',
    'steps[0].decommission.side',
    /after this side is gone/,
    /last/,
  ],
  [
    'no guards',
    '  errors:\n    from: prom\n    query: sum(rate(errors{side="$side"}[1m]))\n    max: 0.5%\n',
    '  {}\n',
    'guards',
    /no guards/,
    /max: 0.5%/,
  ],
  [
    'a duplicate key',
    'service: orders',
    'service: orders\nservice: other',
    'service',
    /duplicate key/,
    /one of them/,
  ],
  [
    'a prototype key',
    'service: orders',
    'service: orders\n__proto__: { a: 1 }',
    '__proto__',
    /cannot be called/,
    null,
  ],
  ['a merge key', 'service: orders', 'service: orders\n<<: { a: 1 }', '["<<"]', /merge keys/, /repeat/],
  [
    'a control character',
    'service: orders',
    'service: orders\ndescription: "\\e[2Jboo"',
    'description',
    /control character/,
    /plain text/,
  ],
]

describe('one mistake is found at its place, with what would be right', () => {
  for (const [name, piece, replacement, path, message, fix] of MISTAKES) {
    test(name, async () => {
      const problems = await problemsOf(wrong(piece, replacement))
      const found = problems.find((problem) => problem.path.startsWith(path) && message.test(problem.message))
      expect(found, JSON.stringify(problems, null, 1)).toBeDefined()
      expect(found?.path.startsWith(path)).toBe(true)
      if (fix !== null) expect(found?.fix).toMatch(fix)
    })
  }
})

test('a balancer that has no provider is the only problem told, and no simulation is offered in its place', async () => {
  const text = `${RIGHT.slice(0, RIGHT.indexOf('steps:'))}steps:\n  - switch: { connection: edge }\n`
  const problems = await problemsOf(text.replace('traffic/haproxy', 'traffic/network-appliance'))
  expect(problems.map(({ path }) => path)).toEqual(['connections.edge.provider'])
  expect(problems[0]?.fix).toMatch(/^one of .*traffic\/haproxy/)
  expect(problems[0]?.fix).not.toMatch(/sim/)
})

test('a runbook without mistakes has none', async () => {
  expect(await problemsOf(RIGHT)).toEqual([])
})

test('all mistakes come at once, in the order of the file', async () => {
  const text = wrong('hold: 5m', 'hodl: 5m')
    .replace('0.5%', 'half')
    .replace('traffic/haproxy', 'traffic/nothing')
  const paths = (await problemsOf(text)).map(({ path }) => path)
  expect(paths).toEqual(['connections.edge.provider', 'guards.errors.max', 'steps[3].canary.hodl'])
})

test('line and column count from 1 and point at the value', async () => {
  const [problem] = await problemsOf(wrong('[5%, 50%]', '[5%, 4%]'))
  const lines = wrong('[5%, 50%]', '[5%, 4%]').split('\n')
  const line = lines.findIndex((text) => text.includes('4%'))
  expect(problem).toMatchObject({
    file: 'test.yaml',
    line: line + 1,
    column: (lines[line] ?? '').indexOf('4%') + 1,
  })
})

test('a mistake inside a query is pointed at inside the query', async () => {
  const text = wrong('[1m]))', '[1m])) > 5')
  const [problem] = await problemsOf(text)
  const line = text.split('\n')[(problem?.line ?? 0) - 1] ?? ''
  expect(line.charAt((problem?.column ?? 0) - 1)).toBe('>')
})

test('the same target under two names is refused', async () => {
  const twin =
    '  twin: { provider: traffic/haproxy, socket: /run/h.sock, backend: orders, old: v1, new: v2 }\nguards:'
  const text = wrong('guards:', twin).replace(
    '- switch: { connection: edge }',
    '- switch: { connection: twin }',
  )
  const problems = await problemsOf(text)
  expect(
    problems.some(
      ({ path, message }) => path === 'steps[4].switch.connection' && /same target/.test(message),
    ),
  ).toBe(true)
})

test('a runbook that only asks and waits needs no guards', async () => {
  const text =
    'cutover: v1\nservice: drill\nconnections: {}\nsteps:\n  - approve: {}\n  - hold: { for: 1m }\n'
  expect(await problemsOf(text)).toEqual([])
})

test('bool comparisons, comparisons inside and a text query language are let through', async () => {
  expect(await problemsOf(wrong('[1m]))', '[1m])) > bool 5'))).toEqual([])
  expect(await problemsOf(wrong('[1m]))', '[1m])) / (sum(x) > 0)'))).toEqual([])
})

test('an unused connection and a move without a short TTL are cautions, no problems', async () => {
  const unused = await cautionsOf(wrong('  - shadow: { connection: mesh }\n', ''))
  expect(unused.map(({ message }) => message)).toEqual(['nothing uses the connection mesh'])
  const late = await cautionsOf(wrong('  - ttl: { connection: zone, records: [api.example.com. A] }\n', ''))
  expect(late[0]?.message).toMatch(/no ttl step/)
})
