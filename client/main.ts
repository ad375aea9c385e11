// The CLI from words to exit code: finds the verb, parses, runs it, tells failures. Loads nothing a verb does not need.
import { constants } from 'node:os'
import { parseVerb } from './arguments.ts'
import type { Parsed } from './arguments.ts'
import type { Command, Output, OpenAccess } from './command.ts'
import { OWN_VARIABLES, environment, isDebugging, strangersIn, wantsColor } from './config.ts'
import type { Environment } from './config.ts'
import { EXIT } from './exit-codes.ts'
import { nearest } from './nearest.ts'
import { endQuietlyWithoutReader, terminalOutput } from './output/terminal.ts'
import { Problem, describeProblem, documentOfProblem, usageProblem } from './problem.ts'
import { type Program, asCalled, demandNoneOfKubectl, programOf } from './program.ts'
import { verbs } from './verbs.ts'
import type { Verb } from './verbs.ts'
import { version } from './version.ts'

const SAY_SO_THEMSELVES = ['worker', 'dev']

/** Runs one command line and gives its exit code. `path`: of the file that was called, whose name may be that of a plugin. */
export async function main(words: string[], path?: string): Promise<number> {
  endQuietlyWithoutReader()
  const env = environment()
  const program = programOf(path)
  try {
    if (program.isCompletion) return await completeForKubectl(words, env)
    return await dispatch(words, { env, program })
  } catch (error) {
    return await tell(error, { env, program, json: wantsJson(words) })
  }
}

type Called = { env: Environment; program: Program }

async function dispatch(words: string[], { env, program }: Called): Promise<number> {
  const [name, ...rest] = words
  const [topic] = rest
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && topic === undefined)) {
    const { overview } = await import('./help.ts')
    const out = terminalOutput({ json: false, color: false, program })
    out.line(overview(verbs, { version: version(), width: out.width }))
    return name === undefined ? EXIT.usage : EXIT.done
  }
  if (name === '--version' || name === '-V' || name === 'version') {
    process.stdout.write(`${version()}\n`)
    return EXIT.done
  }
  if (name === '__complete') return await complete(rest, env)
  if (name === 'help') return await dispatch([topic ?? '', '--help'], { env, program })
  const verb = verbOf(name)
  const command = await verb.load()
  demandNoneOfKubectl(rest, command.flags, program)
  const parsed = parseVerb(name, command.flags, rest)
  const color = parsed.color && wantsColor(env, process.stdout.isTTY === true)
  const out = terminalOutput({ json: parsed.json, color, program })
  if (parsed.help) {
    const { helpOf } = await import('./help.ts')
    out.line(helpOf(command, out.width))
    return EXIT.done
  }
  await warnOfUnknown(name, env, out)
  return await invoke({ verb, command, parsed, out, env: { ...env, ...parsed.instead } })
}

/** A variable that looks like ours and is read by nobody is a slip; a worker says so of its own. */
async function warnOfUnknown(verb: string, env: Environment, out: Output): Promise<void> {
  if (SAY_SO_THEMSELVES.includes(verb) || strangersIn(env).length === 0) return
  const { VARIABLES, unknownVariables } = await import('../worker/config.ts')
  const known = [...OWN_VARIABLES, ...Object.keys(VARIABLES)]
  for (const name of unknownVariables(env, env['CUTOVER_SECRETS']?.split(',') ?? null)) {
    const guess = nearest(name, known)
    out.error(`${name} means nothing to cutover${guess === null ? '' : `; did you mean ${guess}?`}`)
  }
}

/** For the completion scripts of shells: a word and what it is in each line. */
async function complete(words: string[], env: Environment): Promise<number> {
  const { candidates } = await import('./complete.ts')
  for (const { word, about } of await candidates(words, env))
    process.stdout.write(about === '' ? `${word}\n` : `${word}\t${about.replaceAll(/\s+/g, ' ')}\n`)
  return EXIT.done
}

const [FILES_TOO, NO_FILES] = [':0', ':4'] // ShellCompDirectiveDefault and NoFileComp of cobra, as kubectl reads the last line

/** For kubectl, which runs `kubectl_complete-cutover` from PATH. */
async function completeForKubectl(words: string[], env: Environment): Promise<number> {
  const { FILES, candidates } = await import('./complete.ts')
  const all = await candidates(words, env)
  for (const { word, about } of all)
    if (word !== FILES.word)
      process.stdout.write(about === '' ? `${word}\n` : `${word}\t${about.replaceAll(/\s+/g, ' ')}\n`)
  process.stdout.write(`${all.includes(FILES) ? FILES_TOO : NO_FILES}\n`)
  return EXIT.done
}

function verbOf(name: string): Verb {
  const verb = verbs.find((each) => each.name === name)
  if (verb !== undefined) return verb
  if (name.startsWith('-')) {
    throw usageProblem(`flags stand after the verb: ${name}`, ['usage: cutover <verb> [arguments] [flags]'])
  }
  const guess = nearest(
    name,
    verbs.map((each) => each.name),
  )
  throw usageProblem(`unknown verb ${name}`, [
    ...(guess === null ? [] : [`did you mean: cutover ${guess}`]),
    'cutover --help lists all verbs',
  ])
}

type Call = { verb: Verb; command: Command; parsed: Parsed; out: Output; env: Environment }

async function invoke({ verb, command, parsed, out, env }: Call): Promise<number> {
  const signal = interruption(verb)
  let access: Promise<OpenAccess> | undefined
  const temporal = () =>
    (access ??= import('./temporal.ts').then(({ connect }) =>
      connect(env, { as: actorFlag(parsed), progress: out.error }),
    ))
  try {
    return await command.run({ args: parsed.args, flags: parsed.flags, out, env, signal, temporal })
  } finally {
    const opened = await access?.catch(() => undefined) // a failed connection was told already, by the verb that asked for it
    await opened?.close()
  }
}

function actorFlag({ flags }: Parsed): string | undefined {
  return typeof flags['as'] === 'string' ? flags['as'] : undefined
}

/** First Ctrl-C asks, the second one ends at once. */
function interruption(verb: Verb): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (verb.endsItself !== true || controller.signal.aborted) process.exit(128 + constants.signals[name])
      controller.abort()
    })
  }
  return controller.signal
}

async function tell(error: unknown, { env, program, json }: Called & { json: boolean }): Promise<number> {
  const problem = error instanceof Problem ? error : await toldOf(error)
  const text = asCalled(describeProblem(problem), program)
  const { columns } = process.stderr // undefined where nobody looks: a log keeps its lines
  const shown = columns ? (await import('./output/fold-text.ts')).folded(text, columns) : text
  process.stderr.write(`${shown}\n`)
  if (json) terminalOutput({ json, color: false }).document(documentOfProblem(problem))
  const stack = error instanceof Error ? error.stack : undefined
  if (isDebugging(env)) process.stderr.write(`\n${stack ?? String(error)}\n`)
  return problem.exitCode
}

/** Whether a document is expected, also when the words cannot be parsed. */
function wantsJson(words: string[]): boolean {
  return words.some((word, index) => {
    const isSplit = (word === '-o' || word === '--output') && words[index + 1] === 'json'
    return isSplit || word === '-ojson' || word === '-o=json' || word === '--output=json'
  })
}

async function toldOf(error: unknown): Promise<Problem> {
  if (isMissingPackage(error)) throw error // bin/cutover.js knows what to run
  const { RunTrouble } = await import('../view/trouble.ts')
  if (error instanceof RunTrouble) {
    const { problemOfTrouble } = await import('./run/trouble-problem.ts')
    return problemOfTrouble(error)
  }
  const { temporalProblem } = await import('./temporal-problem.ts')
  return (
    temporalProblem(error) ??
    new Problem({
      what: error instanceof Error ? error.message : String(error),
      why: 'this was not expected',
      todo: ['CUTOVER_DEBUG=1 shows where it comes from'],
    })
  )
}

function isMissingPackage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
