// The house style that no linter knows: sizes, names, opening comments, and what may stand in no file.
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { files, read, sources } from './repository.ts'

const LINES_MAX = 300 // a file of more holds more than one concept
const TEST_LINES_MAX = 400
const OPENING_LINES_MAX = 4 // what it is for and what it must not do
const EMPTY_NAMES = /(^|[-.])(utils?|helpers?|commons?|managers?|base)([-.]|$)/ // they say nothing about the content
const SELF = 'test/tidy/files.test.ts' // names what it forbids
const GENERATED = /^(package-lock\.json|schema\/runbook\.json|lab\/servers\/[\w-]+\/go\.sum)$/
const isRecorded = (file: string): boolean =>
  file.startsWith('test/histories/') || file === 'bench/results.json'

describe('every source file', () => {
  it('is short enough to be read at once', () => {
    const lines = (file: string): number => read(file).split('\n').length - 1
    const limit = (file: string): number => (file.startsWith('test/') ? TEST_LINES_MAX : LINES_MAX)
    expect(
      sources.filter((file) => lines(file) > limit(file)).map((file) => `${file}: ${lines(file)} lines`),
    ).toEqual([])
  })

  it('opens with one to four comment lines that say what it is for', () => {
    const opening = (file: string): number => {
      const lines = read(file).split('\n')
      const begin = lines[0]?.startsWith('#!') ? 1 : 0
      return lines.slice(begin).findIndex((line) => !line.startsWith('//'))
    }
    const wrong = sources.filter((file) => opening(file) < 1 || opening(file) > OPENING_LINES_MAX)
    expect(wrong.map((file) => `${file}: ${opening(file)} comment lines`)).toEqual([])
  })

  it('has no default export, outside configuration', () => {
    const wrong = sources.filter(
      (file) => !file.endsWith('.config.ts') && /^export default\b/m.test(read(file)),
    )
    expect(wrong).toEqual([])
  })

  it('knows its types: no any, no enum', () => {
    expect(linesWith(/(:|<|\bas|,|\()\s*any\b(?!\s+\w)(?=[\s,>;)[\]|&=]|$)/)).toEqual([])
    expect(linesWith(/^\s*(export )?(declare )?(const )?enum \w/)).toEqual([])
  })

  it('names its types by what they are, not by what was done: they are told apart in a stack trace', () => {
    const participles =
      'Kept|Lost|Told|Asked|Said|Begun|Spoken|Seen|Wanted|Tried|Heard|Held|Looked|Named|Remembered|Sent|Taken'
    const named = new RegExp(`^(export )?(type|interface) (${participles})\\b`)
    expect(linesWith(named).filter((line) => !line.startsWith('test/'))).toEqual([])
  })

  it('is finished: no TODO, no FIXME', () => {
    expect(linesWith(/\b(TODO|FIXME|XXX)\b/)).toEqual([])
  })

  it('reads the environment only where configuration is read', () => {
    const places = /^(scripts|lab|bench|test)\/|^(worker|client)\/config\.ts:|^worker\/main\.ts:/
    const isComment = /^\S+ (\/\/|\/?\*)/
    const wrong = linesWith(/process\.env\b/).filter((line) => !places.test(line) && !isComment.test(line))
    expect(wrong).toEqual([])
  })
})

describe('workflow code', () => {
  it('keeps nothing between runs: its modules are shared by all runs of a worker (worker/bundle.ts)', () => {
    const kept = /^(export )?((let|var) |const \w+[^=]*= (new (Weak)?(Map|Set)|\[))/ // no blank before it: at the top of its module
    const wrong = linesWith(kept).filter((line) => line.startsWith('workflows/'))
    expect(wrong).toEqual([])
  })

  it('abandons no activity: the SDK cannot take the failure of an abandoned one, and the run is wedged', () => {
    const wrong = linesWith(/CancellationType\.ABANDON/).filter((line) => line.startsWith('workflows/'))
    expect(wrong).toEqual([])
  })

  it('never decides by the clock: a cold worker can see an older time than the next replay (workflows/run/time.ts)', () => {
    const clock =
      /\b(if|while) \([^)]*Date\.now\(\)|[<>]=? [\w.( -]*Date\.now\(\)|Date\.now\(\)( [-+] [\w.]+)* [<>]/
    expect(linesWith(clock).filter((line) => line.startsWith('workflows/'))).toEqual([])
  })
})

describe('the view of a run', () => {
  it('is for every reader: it names no command of the CLI, no terminal, no page', () => {
    const isComment = /^\S+ (\/\/|\/?\*)/
    const ofReaders = /\bcutover [a-z]+\b|\bprocess\.|\bconsole\.|\\u001b|<\/|--[a-z]+\b/
    const wrong = linesWith(ofReaders).filter((line) => line.startsWith('view/') && !isComment.test(line))
    expect(wrong).toEqual([])
  })
})

describe('every test', () => {
  it('runs: none is skipped, none runs alone', () => {
    const wrong = linesWith(/\b(it|describe|test)(\.\w+)*\.(skip|only|todo|skipIf|runIf)\b|context\.skip\(/)
    expect(wrong.filter((line) => line.startsWith('test/'))).toEqual([])
  })

  it('replaces no module by a mock', () => {
    expect(linesWith(/\bvi\.(mock|doMock|stubGlobal)\(/)).toEqual([])
  })
})

describe('every file', () => {
  it('is named in kebab-case, for what it holds', () => {
    const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/
    const spelled = new Set(['README.md', 'LICENSE', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])
    const wrong = files.filter((file) => {
      const name = basename(file)
      const isSpelled = spelled.has(name) || /(^|\.)Dockerfile$/.test(name)
      return !isSpelled && (!kebab.test(name) || EMPTY_NAMES.test(name.replace(/\.[a-z]+$/, '')))
    })
    expect(wrong).toEqual([])
  })

  it('names no package registry and no path of a machine', () => {
    const registry = /registry\.npmjs|pypi\.org|pythonhosted\.org|npmmirror/
    const machine = /(?<![\w.])\/(home|Users|work|root)\//
    const isWrong = (text: string): boolean => registry.test(text) || machine.test(text)
    const wrong = files.filter((file) => file !== SELF && !isBinary(file) && isWrong(read(file)))
    expect(wrong).toEqual([])
  })

  it('is of a size that can be reviewed, unless recorded or generated', () => {
    const BYTES_MAX = 60_000 // the largest page of documentation, twice over
    const isFree = (file: string): boolean => isRecorded(file) || GENERATED.test(file) || isBinary(file)
    expect(files.filter((file) => !isFree(file) && read(file).length > BYTES_MAX)).toEqual([])
  })
})

function isBinary(file: string): boolean {
  return /\.(png|jpg|gif|ico|woff2)$/.test(file)
}

/** `file:line: text` of every source line that matches; comments count too. */
function linesWith(pattern: RegExp): string[] {
  return sources
    .filter((file) => file !== SELF)
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
    )
}
