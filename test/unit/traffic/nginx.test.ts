// traffic/nginx: reading and editing a split in a file, keys for a place in it, and what answers of workers tell. Pure.
import { array, assert, boolean, constantFrom, integer, property, record, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyIn, murmur2, partsOf } from '../../../activities/traffic/nginx/keys.ts'
import {
  type Share,
  WHOLE,
  besides,
  findSplit,
  shareOfName,
  withShare,
} from '../../../activities/traffic/nginx/splits.ts'
import { every, parse } from '../../../activities/traffic/nginx/syntax.ts'
import { type Answer, NotByKey, groupsOf, nextIndex } from '../../../activities/traffic/nginx/workers.ts'

const NAMES: [string, string] = ['v1', 'v2']
const hundredths = integer({ min: 0, max: WHOLE })

describe('the syntax of NGINX', () => {
  it('is read with quotes, escapes, comments and braces of variables', () => {
    const tree = parse(`http { # { not a block
      map "a;b" $c { default 'it\\'s'; "~^x{2}" "\${y}z"; }
      server { location ~ \\.php$ { return 200 "{ok}"; } } }`)
    expect(every(tree, 'map')[0]?.words).toEqual(['a;b', '$c'])
    expect(every(tree, '~^x{2}')[0]?.words).toEqual(['${y}z'])
    expect(every(tree, 'return')[0]?.words).toEqual(['200', '{ok}'])
  })

  it('is refused with its line where it has no end', () => {
    for (const [text, words] of [
      ['http {', 'the block of "http" has no end'],
      ['a b', '"a" has no end'],
      ['a;\n}', 'unexpected "}" in line 2'],
      ['a "b;', 'the quote of line 1 has no end'],
    ] as const) {
      expect(() => parse(text)).toThrow(words)
    }
  })

  it('ends with an error of its own, whatever the text is', () => {
    assert(
      property(string({ unit: constantFrom('{', '}', ';', '"', '$', '#', '\\', 'a', ' ', '\n') }), (text) => {
        try {
          parse(text)
        } catch (error) {
          expect((error as Error).constructor.name).toBe('UnfitSyntax')
        }
      }),
    )
  })
})

describe('a split in a file', () => {
  const file = (lines: string): string =>
    `# before\nsplit_clients "\${k}m" $pool {\n  # kept\n${lines}\n}\nsplit_clients "$x" $other { 1% a; * b; }\n`

  it('holds any share that was written, and nothing else of the file changes', () => {
    assert(
      property(hundredths, hundredths, boolean(), (before, after, isSwapped) => {
        const [first, rest] = isSwapped ? ['v1', 'v2'] : ['v2', 'v1']
        const start = findSplit(file(`  50% ${first};\n  * ${rest};`), '$pool', NAMES)
        const text = withShare(file(`  50% ${first};\n  * ${rest};`), start, before)
        const split = findSplit(text, '$pool', NAMES)
        const next = withShare(text, split, after)
        const found = findSplit(next, '$pool', NAMES)
        expect([split.hundredths, found.hundredths, found.first]).toEqual([before, after, first])
        expect(besides(next, found)).toBe(besides(text, split))
        expect(next).toContain('# kept')
        expect(withShare(next, found, before)).toBe(text)
      }),
    )
  })

  it('keeps every comment of a person, also one behind an entry that goes', () => {
    const text = file('  # of the team orders\n  5% v2; # canary, ask first\n  * v1; # the rest')
    const there = withShare(text, findSplit(text, '$pool', NAMES), 0)
    const back = withShare(there, findSplit(there, '$pool', NAMES), 500)
    for (const comment of ['# of the team orders', '# canary, ask first', '# the rest'])
      for (const each of [there, back]) expect(each.split(comment)).toHaveLength(2)
    const again = withShare(back, findSplit(back, '$pool', NAMES), 500)
    expect(again).toBe(back)
  })

  it('writes no share that NGINX refuses', () => {
    const split = findSplit(file('  50% v2;\n  * v1;'), '$pool', NAMES)
    expect(withShare(file('  50% v2;\n  * v1;'), split, 0)).not.toMatch(/\b0%/)
    expect(withShare(file('  50% v2;\n  * v1;'), split, 1)).toContain('0.01% v2;')
    expect(withShare(file('  50% v2;\n  * v1;'), split, WHOLE)).toMatch(/\n {2}\* v2;\n/)
  })
})

describe('a key', () => {
  it('falls into the hundredth it was made for', () => {
    assert(
      property(
        integer({ min: 0, max: WHOLE - 1 }),
        constantFrom('$k', '${k}m', 'a-$k'),
        (index, template) => {
          const { before, after } = partsOf(template)
          const hash = murmur2(new TextEncoder().encode(`${before}${keyIn(template, index)}${after}`))
          expect(Math.floor((hash * WHOLE) / 0xffffffff)).toBe(index)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('cannot be made where NGINX hashes more than one variable, or none', () => {
    expect(() => keyIn('$remote_addr$k', 1)).toThrow('write one variable')
    expect(() => keyIn('k', 1)).toThrow('write one variable')
  })
})

describe('answers of workers', () => {
  const say = (share: Share, worker: string, index: number): Answer => ({
    worker,
    index,
    name: index < share.hundredths ? share.first : share.rest,
  })

  it('tell what every generation serves, whoever answers when', () => {
    const generation = record({ hundredths, isSwapped: boolean() })
    assert(
      property(array(generation, { minLength: 1, maxLength: 2 }), hundredths, (generations, guess) => {
        const shares = generations.map(({ hundredths: of, isSwapped }): Share => ({
          first: isSwapped ? 'v1' : 'v2',
          rest: isSwapped ? 'v2' : 'v1',
          hundredths: of,
        }))
        const answers: Answer[] = []
        for (let asked = 0; asked < 200; asked++) {
          const groups = groupsOf(answers, NAMES)
          const index = nextIndex(groups, { guess: { first: 'v2', rest: 'v1', hundredths: guess }, asked })
          const who = asked % shares.length
          answers.push(say(shares[who]!, String(who), index))
        }
        const found = groupsOf(answers, NAMES).map(({ share }) =>
          share === null ? null : shareOfName(share, 'v2'),
        )
        expect(new Set(found)).toEqual(new Set(shares.map((share) => shareOfName(share, 'v2'))))
      }),
      { numRuns: 60 },
    )
  })

  it('are no split when one worker gives two names for one key', () => {
    const answers = [
      { worker: '1', index: 5, name: 'v1' },
      { worker: '1', index: 5, name: 'v2' },
    ]
    expect(() => groupsOf(answers, NAMES)).toThrow(NotByKey)
  })
})
