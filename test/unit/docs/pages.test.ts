// The pages against the code: commands and flags that exist, links that lead somewhere, tests that are named as they are,
// tables that are complete. Words that no test can check stay a matter of reading.
import { describe, expect, it } from 'vitest'
import { specs } from '../../../activities/specs.ts'
import { runText } from '../../../client/output/run-text.ts'
import { UNFOLDED } from '../../../client/output/sheet.ts'
import { verbs } from '../../../client/verbs.ts'
import { runView } from '../../../view/run-view.ts'
import { RETRIED } from '../../../workflows/failure.ts'
import { files, has, read } from '../../tidy/repository.ts'
import { NOW, described, plan, state } from '../client/fixtures.ts'

const OWN = /^(?:README|CONTRIBUTING|SECURITY|deploy\/README)\.md$|^docs\/.*\.md$/
const pages = files.filter((file) => OWN.test(file))
const GLOBAL_FLAGS = ['output', 'no-color', 'help', 'as']

/** Lines and code spans that show a command of the CLI: the verb, and what stands behind it. */
function commandsIn(text: string): { verb: string; rest: string }[] {
  const blocks = [...text.matchAll(/```[^\n]*\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n'),
  )
  const spans = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span = '']) => span,
  )
  return [...blocks, ...spans].flatMap((line) => {
    const [, verb = '', rest = ''] = /^\s*(?:\$ )?cutover ([a-z|]+)\b([^#]*)/.exec(line) ?? []
    return verb === '' ? [] : verb.split('|').map((each) => ({ verb: each, rest }))
  })
}

/** Where links may lead in a page, as GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(pages)('%s', (page) => {
  it('names only verbs and flags of the CLI', async () => {
    const wrong: string[] = []
    for (const { verb, rest } of commandsIn(read(page))) {
      const known = verbs.find(({ name }) => name === verb)
      if (known === undefined) wrong.push(`cutover ${verb}`)
      const flags = known === undefined ? [] : (await known.load()).flags.map(({ name }) => name)
      for (const [, flag = ''] of rest.matchAll(/--([a-z-]+)/g))
        if (![...flags, ...GLOBAL_FLAGS].includes(flag)) wrong.push(`cutover ${verb} --${flag}`)
    }
    expect(wrong).toEqual([])
  })

  it('links only to headings that exist', () => {
    const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/')) : ''
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
    const wrong = links.filter(([, to = '', anchor = '']) => {
      const target = to === '' ? page : new URL(to, `file:///${folder}/`).pathname.slice(1).replace(/^\//, '')
      return !has(target) || !anchorsOf(target).includes(anchor)
    })
    expect(wrong.map(([link]) => link)).toEqual([])
  })
})

describe('what-if.md', () => {
  const text = read('docs/what-if.md').replaceAll(/\s+/g, ' ')

  it('names a test for every case, by the words that the test has', () => {
    const cases = text.split(/ ## /).slice(1)
    expect(cases.length).toBeGreaterThan(12)
    for (const each of cases) {
      const [, proof = ''] = /\*\*Test:\*\*(.*)$/.exec(each) ?? []
      const tests = [...proof.matchAll(/`([\w/-]+\.test\.ts)`/g)].map(([, file = '']) => `test/${file}`)
      expect(tests, each.slice(0, 60)).not.toEqual([])
      for (const file of tests) expect(has(file), file).toBe(true)
      const words = tests.map(read).join('\n')
      for (const [, name = ''] of proof.matchAll(/"([^"]+)"/g)) expect(words).toContain(name)
    }
  })
})

describe('the pages for people in trouble', () => {
  it('begin each case of what-if with what to do', () => {
    const cases = read('docs/what-if.md').split(/^## /m).slice(1)
    for (const each of cases) expect(each.split('\n')[2], each.slice(0, 60)).toMatch(/^\*\*Do:\*\* /)
  })

  it('say of each question what to do right below it', () => {
    const questions = read('docs/stuck.md').split(/^## /m).slice(1)
    expect(questions.length).toBeGreaterThan(4)
    for (const each of questions) {
      const [, beginning = ''] = /^[^\n]*\n((?:[^\n]*\n){1,20}?)\*\*Do\b/.exec(each) ?? []
      const prose = beginning.replaceAll(/```[\s\S]*?```/g, '').trim()
      expect(prose.split('\n').length, each.slice(0, 60)).toBeLessThanOrEqual(2)
      expect(each, each.slice(0, 60)).toMatch(/^\*\*Do\b/m)
    }
  })

  it('use words that need no second reading', () => {
    const odd = /\b(?:takes it back|know beforehand|gate opens|is told|are told|be told|is taken for)\b/
    const operators = [
      'README.md',
      ...['understanding-output', 'what-if', 'stuck', 'failures', 'interfaces', 'the-fine-print'].map(
        (name) => `docs/${name}.md`,
      ),
    ]
    for (const page of operators) {
      const prose = read(page).replaceAll(/"[^"]*"/gs, '') // names of tests are as the tests have them
      expect(odd.exec(prose)?.[0], page).toBeUndefined()
    }
  })
})

describe('the first ten minutes, written down', () => {
  it('show the sections that status has', () => {
    const [, status = ''] = /\$ cutover status shop\n([^]*?)```/.exec(read('docs/first-ten-minutes.md')) ?? []
    const labels = (text: string) =>
      [...text.matchAll(/^[A-Za-z][A-Za-z ]*?(?= {2,}|$)/gm)].map(([label]) => label)
    const look = { width: 100, color: false, now: NOW, fold: UNFOLDED }
    const told = labels(runText(runView({ state: state(), plan }, described), look).join('\n'))
    expect(labels(status).length).toBeGreaterThan(7)
    expect(told).toEqual(expect.arrayContaining(labels(status)))
  })
})

describe('the tables', () => {
  it('list every provider once', () => {
    const listed = [...read('docs/providers/README.md').matchAll(/\]\(([\w-]+)\.md\)/g)].map(
      ([, name]) => name,
    )
    const real = specs.map(({ id }) => (id.endsWith('/sim') ? 'sim' : id.replace('/', '-')))
    expect(listed.sort()).toEqual([...new Set(real)].sort())
  })

  it('list every failure kind, and whether it is retried', () => {
    const rows = [...read('docs/failures.md').matchAll(/^\| `(\w+)` \|[^|]*\| (yes|no)/gm)]
    const listed = Object.fromEntries(rows.map(([, kind, retried]) => [kind, retried === 'yes']))
    expect(listed).toEqual(RETRIED)
  })

  it('say what to do before they say why', () => {
    const late = pages.flatMap((page) =>
      [...read(page).matchAll(/^\|(.+)\|\n\|-/gm)]
        .map(([, head = '']) => head.split('|').map((cell) => cell.trim()))
        .filter((cells) => cells.findIndex((cell) => /^(?:what to )?do\b/.test(cell)) > 1)
        .map((cells) => `${page}: ${cells.join(' | ')}`),
    )
    expect(late).toEqual([])
  })

  it('list every record of a decision, each of at most 40 lines', () => {
    const records = files.filter((file) => /^docs\/adr\/\d{4}-.*\.md$/.test(file))
    const index = read('docs/adr/README.md')
    for (const record of records) {
      expect(index).toContain(`(${record.slice('docs/adr/'.length)})`)
      expect(read(record).split('\n').length, record).toBeLessThanOrEqual(41)
    }
  })
})
