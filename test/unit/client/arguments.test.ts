// Words on the command line: what is understood, and what is said about the rest.
import { describe, expect, it } from 'vitest'
import { expectArgs, parseVerb } from '../../../client/arguments.ts'
import type { Flag } from '../../../client/command.ts'
import { Problem, describeProblem } from '../../../client/problem.ts'

const flags: Flag[] = [
  { name: 'reason', value: 'TEXT', about: '' },
  { name: 'yes', short: 'y', about: '' },
  { name: 'tag', value: 'T', about: '', repeatable: true },
]
const parse = (...words: string[]) => parseVerb('start', flags, words)

function problemOf(run: () => unknown): Problem {
  try {
    run()
  } catch (error) {
    if (error instanceof Problem) return error
  }
  throw new Error('it was accepted')
}

describe('arguments', () => {
  it('takes flags and arguments in any order', () => {
    const parsed = parse('a.yaml', '-y', '--reason', 'because', '--tag=1', '--tag', '2', '-o', 'json')
    expect(parsed).toMatchObject({ args: ['a.yaml'], json: true, help: false, color: true })
    expect(parsed.flags).toEqual({ yes: true, reason: 'because', tag: ['1', '2'] })
  })

  it('takes the place of Temporal like the temporal CLI, in the place of the environment', () => {
    const { instead, flags: own } = parse('a.yaml', '--address', 'there:7233', '--namespace=prod', '--yes')
    expect(instead).toEqual({ TEMPORAL_ADDRESS: 'there:7233', TEMPORAL_NAMESPACE: 'prod' })
    expect(own).toEqual({ yes: true })
    expect(parse('--profile', 'prod').instead).toEqual({ TEMPORAL_PROFILE: 'prod' })
  })

  it('takes what stands behind -- as it is', () => {
    expect(parse('--', '--yes').args).toEqual(['--yes'])
  })

  it.each([
    ['the flag of other tools, with ours', ['--json'], /unknown flag --json.*-o json/s],
    ['an unknown flag, with what was probably meant', ['--resaon', 'x'], /unknown flag --resaon.*--reason/s],
    ['another output format', ['-o', 'yaml'], /yaml is not an output format/],
    ['a flag without its value', ['--reason'], /--reason needs a value/],
    ['a flag in place of a value', ['--reason', '--yes'], /--reason needs a value/],
    ['a value where none is taken', ['--yes=no'], /--yes takes no value/],
    ['a flag given twice', ['--reason', 'a', '--reason', 'b'], /given twice/],
  ])('refuses %s, with exit code 2', (_name, words, text) => {
    const problem = problemOf(() => parse(...words))
    expect(problem.exitCode).toBe(2)
    expect(describeProblem(problem)).toMatch(text)
  })

  it('names the argument that is missing or one too many', () => {
    expect(problemOf(() => expectArgs([], ['SERVICE'], 'status SERVICE')).what).toBe('SERVICE is missing')
    expect(problemOf(() => expectArgs(['a', 'b'], ['SERVICE'], 'status SERVICE')).what).toBe(
      'unexpected argument: b',
    )
  })
})
