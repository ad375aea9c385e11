// What people paste and what YAML keeps for itself: each is one problem, at its place, with what would be right.
import { describe, expect, test } from 'vitest'
import { RIGHT, problemsOf, wrong } from './fixture.ts'

const NBSP = '\u00a0'

describe('a sign that YAML keeps for itself', () => {
  test.each([
    [
      'a wildcard in a list',
      'records: [api.example.com. A]',
      'records: [*.apps.example.com. A]',
      '*.apps.example.com. A',
    ],
    ['a wildcard as a key', '{ api.example.com. A: [192', '{ *.example.com. A: [192', '*.example.com. A'],
    ['a wildcard alone', 'service: orders', 'service: *', '*'],
    ['a wildcard without a type', 'service: orders', 'service: *.example.com', '*.example.com'],
    ['a handle', '- prewarm:', '- approve: { title: t, people: [@ana] }\n  - prewarm:', '@ana'],
    ['a backtick', 'hold: 5m', 'hold: `5m`', '`5m`'],
    ['a percent sign', 'hold: 5m', 'hold: %5', '%5'],
    ['an ampersand', 'service: orders', 'service: &', '&'],
  ])('%s', async (...[, piece, replacement, word]) => {
    const problems = await problemsOf(wrong(piece, replacement))
    expect(problems).toMatchObject([
      { fix: expect.stringContaining(`write ${JSON.stringify(word)} in quotes`) },
    ])
    const { line = 0, column = 0 } = problems[0] ?? {}
    const text = wrong(piece, replacement).split('\n')[line - 1] ?? ''
    expect(text.slice(column - 1).startsWith(word)).toBe(true)
  })

  test('two of them are two problems, as nothing follows from the first', async () => {
    const both = wrong('- prewarm:', '- approve: { title: t, people: [@ana, @raj] }\n  - prewarm:')
    expect((await problemsOf(both)).map(({ fix }) => fix)).toEqual([
      'write "@ana" in quotes',
      'write "@raj" in quotes',
    ])
  })

  test('what may be a secret is not repeated', async () => {
    const [problem] = await problemsOf(wrong('key: env:TSIG', 'key: @hunter2hunter2hunter2'))
    expect(problem).toMatchObject({ fix: 'put the text in quotes' })
    expect(JSON.stringify(problem)).not.toContain('hunter2')
  })

  test('a comment that swallows a bracket', async () => {
    const [problem] = await problemsOf(wrong('{ for: 24h }', '{ title: #4, for: 24h }'))
    expect(problem).toMatchObject({ message: expect.stringContaining('begins a comment') })
  })
})

describe('a blank that is none', () => {
  test.each([
    ['behind a colon', 'hold:\n      for: 24h', `hold:\n      for:${NBSP}24h`],
    ['behind a colon, in braces', 'hold: { for: 24h }', `hold: { title: x, for:${NBSP}24h }`],
    ['behind a dash', '- hold:', `-${NBSP}hold:`],
    ['as indentation', '\n    from: prom', `\n${NBSP}   from: prom`],
    ['at the end of a word', 'cutover: v1', `cutover: v1${NBSP}`],
    ['before a word', 'service: orders', `service: ${NBSP}orders`],
    ['of another kind', '- hold:', '-\u2003hold:'],
  ])('%s', async (_, piece, replacement) => {
    const text = RIGHT.replace('hold: { for: 24h }', 'hold:\n      for: 24h').replace(piece, replacement)
    const usable = piece.startsWith('hold: {') ? wrong(piece, replacement) : text
    const problems = await problemsOf(usable)
    expect(problems).toMatchObject([
      { message: /stands where a blank should/, fix: 'type a plain space in its place' },
    ])
    const { line = 0, column = 0 } = problems[0] ?? {}
    expect(usable.split('\n')[line - 1]?.[column - 1]).toBe(/[\u00a0\u2003]/.exec(usable)?.[0])
  })

  test('a character that nobody sees is named by its number', async () => {
    const problems = await problemsOf(wrong('cutover: v1', 'cutover: v1\u200b'))
    expect(problems).toMatchObject([
      { line: 1, column: 12, message: 'an invisible character (U+200B) stands here' },
    ])
  })

  test('in the midst of text, in quotes and in comments it is text', async () => {
    const text = wrong('hold: { for: 24h }', `hold: { title: 24${NBSP}h of\u202fcalm, for: 24h } #${NBSP}x`)
    expect(await problemsOf(text)).toEqual([])
    expect(await problemsOf(wrong('hold: { for: 24h }', `hold: { title: "a:${NBSP}b", for: 24h }`))).toEqual(
      [],
    )
    expect(
      await problemsOf(wrong('service: orders', `service: orders\ndescription: Note:${NBSP}Friday`)),
    ).toEqual([])
  })
})

test.each([
  ['one', '\n    from: prom', '\n\tfrom: prom'],
  ['several', '\n    from: prom\n    query', '\n\tfrom: prom\n\tquery'],
  ['one in the midst', '\n    max: 0.5%', '\n  \t  max: 0.5%'],
])(
  'tabs as indentation (%s) are one problem, and nothing that follows from them',
  async (_, piece, replacement) => {
    expect(await problemsOf(wrong(piece, replacement))).toMatchObject([
      { message: 'a tab indents this line' },
    ])
  },
)

/** What people paste besides: [what, the runbook, what is said, what would be right, where it stands]. */
const PASTED: [string, string, RegExp, RegExp, string][] = [
  [
    'a no-break space that indents a line which looks right',
    wrong('\n  - hold:', `\n${NBSP}${NBSP}- hold:`),
    /no-break space stands where a blank should/,
    /plain space/,
    `${NBSP}${NBSP}- hold`,
  ],
  [
    'an invisible character within a key',
    wrong('service: orders', 'ser\u200bvice: orders'),
    /invisible character \(U\+200B\)/,
    /remove it/,
    '\u200bvice',
  ],
  [
    'an invisible character within a word',
    wrong('connection: edge, weights', 'connection: ed\u00adge, weights'),
    /invisible character \(U\+00AD\)/,
    /remove it/,
    '\u00adge',
  ],
  [
    'typographic quotes',
    wrong('"http://prom:9090"', '\u201chttp://prom:9090\u201d'),
    /typographic quote/,
    /write "/,
    '\u201chttp',
  ],
  ['a wide colon', wrong('service: orders', 'service\uff1aorders'), /U\+FF1A/, /write ":"/, '\uff1aorders'],
  ['a dash that is none', wrong('  - hold:', '  \u2013 hold:'), /U\+2013/, /write "-"/, '\u2013 hold'],
  [
    'a quote within quotes',
    wrong('query: sum(rate(errors{side="$side"}[1m]))', 'query: "sum(rate(errors{side="$side"}[1m]))"'),
    /text behind a closing quote/,
    /single quotes|'/,
    '$side',
  ],
  [
    'an escape that YAML does not know',
    wrong('query: sum(rate(errors{side="$side"}[1m]))', 'query: "errors{a=~\'b\\.c\'}"'),
    /\\\. means nothing within "/,
    /single quotes/,
    '\\.c',
  ],
  [
    'a text behind a bar',
    wrong('service: orders', 'service: |orders'),
    /a text block begins on the next line/,
    /quotes/,
    'orders',
  ],
  [
    'a list beside its key',
    wrong('service: orders', 'service: - orders'),
    /a list begins on a line of its own/,
    /\[/,
    '- orders',
  ],
  [
    'a template of another tool',
    wrong('service: orders', 'service: {{ .Values.service }}'),
    /a template was left/,
    /put the value in its place/,
    '{{ .Values',
  ],
  [
    'what a merge left behind',
    wrong('service: orders', '<<<<<<< HEAD\nservice: orders\n=======\nservice: shop\n>>>>>>> theirs'),
    /mark of a merge/,
    /decide/,
    '<<<<<<< HEAD',
  ],
  ['the fence of a page', `\`\`\`yaml\n${RIGHT}\`\`\`\n`, /fence/, /remove the line/, '```yaml'],
]

test.each(PASTED)('%s', async (...[, text, message, fix, place]) => {
  const problems = await problemsOf(text)
  expect(problems).toMatchObject([
    { message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
  ])
  const { line = 0, column = 0 } = problems[0] ?? {}
  expect(text.split('\n')[line - 1]?.slice(column - 1)).toMatch(new RegExp(`^${RegExp.escape(place)}`))
})

test('letters of other scripts, joined or quoted as they are written, are text', async () => {
  for (const title of ['\u06cc\u200c\u06a9', 'the \u201cnew\u201d side \u2013 now', '\u201cnew\u201d side'])
    expect(
      await problemsOf(wrong('hold: { for: 24h }', `hold: { title: ${title}, for: 24h }`)),
      title,
    ).toEqual([])
})

test('a query that begins with a brace is told to stand in quotes', async () => {
  const text = wrong('query: sum(rate(errors{side="$side"}[1m]))', 'query: {__name__="errors"}')
  expect(await problemsOf(text)).toMatchObject([{ fix: expect.stringContaining('in quotes') }])
})
