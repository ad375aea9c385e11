// A mistake or a misfortune told as what, why, what to do. Printed without a stack: it is not a bug of ours.
import type { Json, JsonObject } from '../workflows/json.ts'
import { EXIT } from './exit-codes.ts'

export type ProblemText = {
  /** What could not be done, on what. */
  what: string
  /** What came back, or which rule stands against it. */
  why?: string | undefined
  /** What to do: one line per possibility, commands ready to be copied. */
  todo?: string[]
  exitCode?: number
  /** The same for scripts, by stable names. */
  facts?: JsonObject
  cause?: unknown
}

export class Problem extends Error {
  readonly what: string
  readonly why: string | undefined
  readonly todo: string[]
  readonly exitCode: number
  readonly facts: JsonObject

  constructor({ what, why, todo = [], exitCode = EXIT.failed, facts = {}, cause }: ProblemText) {
    super(why === undefined ? what : `${what}: ${why}`, { cause })
    this.name = 'Problem'
    this.what = what
    this.why = why
    this.todo = todo
    this.exitCode = exitCode
    this.facts = facts
  }
}

/** Wrong use of the command line. */
export function usageProblem(what: string, todo: string[] = [], facts: JsonObject = {}): Problem {
  return new Problem({ what, todo, facts, exitCode: EXIT.usage })
}

/** What is said on the way out without anything having failed. */
const PREFIXES: { [exitCode: number]: string } = { [EXIT.done]: 'Note: ', [EXIT.interrupted]: '' }

/** The lines of a problem, for stderr. */
export function describeProblem(problem: Problem): string {
  const title = PREFIXES[problem.exitCode] ?? 'Error: '
  const why = problem.why === undefined ? [] : [`  ${problem.why.replaceAll('\n', '\n  ')}`]
  return [`${title}${problem.what}`, ...why, ...problem.todo.map((line) => `  → ${line}`)].join('\n')
}

/** The one document of a command that could not do what it was asked for. */
export function documentOfProblem({ what, why, todo, exitCode, facts }: Problem): Json {
  return { error: { what, why: why ?? null, todo, exitCode, ...facts } }
}
