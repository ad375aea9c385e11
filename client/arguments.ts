// Turns the words after a verb into arguments and flags, or into a problem that says what would be right. Pure.
import { parseArgs } from 'node:util'
import type { Flag, Invocation } from './command.ts'
import { nearest } from './nearest.ts'
import { usageProblem } from './problem.ts'

export type Parsed = {
  args: string[]
  flags: Invocation['flags']
  help: boolean
  json: boolean
  color: boolean
  /** Variables of the environment that flags take the place of. */
  instead: { [variable: string]: string }
}

/** Where Temporal is, with the variable that each takes the place of: as for the temporal CLI. */
const PLACES: { [flag: string]: string } = {
  address: 'TEMPORAL_ADDRESS',
  namespace: 'TEMPORAL_NAMESPACE',
  profile: 'TEMPORAL_PROFILE',
}

/** Understood by every verb. */
export const globalFlags: Flag[] = [
  { name: 'address', value: 'HOST:PORT', about: "Temporal's frontend, instead of TEMPORAL_ADDRESS" },
  { name: 'namespace', value: 'NAME', about: 'Its namespace, instead of TEMPORAL_NAMESPACE' },
  { name: 'profile', value: 'NAME', about: 'A profile of temporal.toml, instead of TEMPORAL_PROFILE' },
  { name: 'output', short: 'o', value: 'text|json', about: 'json prints one document on standard output' },
  { name: 'no-color', about: 'No colours (also: NO_COLOR=1)' },
  { name: 'help', short: 'h', about: 'Show this help' },
]

export function parseVerb(verb: string, own: Flag[], words: string[]): Parsed {
  const flags = [...own, ...globalFlags]
  const { tokens } = parseArgs({
    args: words,
    options: Object.fromEntries(flags.map((flag) => [flag.name, optionOf(flag)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values: Invocation['flags'] = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const flag = flags.find(({ name }) => name === token.name)
    if (flag === undefined) throw unknownFlag(verb, token.rawName, flags)
    values[flag.name] = valueOf(flag, token, values[flag.name])
  }
  const { help, output, 'no-color': noColor, ...others } = values
  const { given, rest } = withoutPlaces(others)
  if (output !== undefined && output !== 'json' && output !== 'text') {
    throw usageProblem(`-o ${String(output)} is not an output format`, ['use -o json or -o text'])
  }
  return {
    args: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
    flags: rest,
    help: help === true,
    json: output === 'json',
    color: noColor !== true,
    instead: given,
  }
}

function withoutPlaces(values: Invocation['flags']): { given: Parsed['instead']; rest: Invocation['flags'] } {
  const isPlace = (name: string) => Object.hasOwn(PLACES, name)
  const given = Object.entries(PLACES).flatMap(([flag, variable]) => {
    const value = textFlag(values, flag)
    return value === undefined ? [] : [[variable, value]]
  })
  const rest = Object.entries(values).filter(([name]) => !isPlace(name))
  return { given: Object.fromEntries(given) as Parsed['instead'], rest: Object.fromEntries(rest) }
}

/** The value of a flag that takes one, at most once. */
export function textFlag(flags: Invocation['flags'], name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** Exactly the arguments that the usage names. */
export function expectArgs(args: string[], names: string[], usage: string): string[] {
  if (args.length < names.length) {
    throw usageProblem(`${names[args.length]} is missing`, [`usage: cutover ${usage}`])
  }
  if (args.length > names.length) {
    throw usageProblem(`unexpected argument: ${args[names.length]}`, [`usage: cutover ${usage}`])
  }
  return args
}

type OptionToken = { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined }

function optionOf(flag: Flag): { type: 'string' | 'boolean'; short?: string } {
  const type = flag.value === undefined ? ('boolean' as const) : ('string' as const)
  return flag.short === undefined ? { type } : { type, short: flag.short }
}

function valueOf(
  flag: Flag,
  token: OptionToken,
  earlier: Invocation['flags'][string],
): string | boolean | string[] {
  if (flag.value === undefined) {
    if (token.value !== undefined) throw usageProblem(`${token.rawName} takes no value`)
    return true
  }
  const isNextFlag =
    token.inlineValue !== true && token.value?.startsWith('-') === true && token.value !== '-'
  if (token.value === undefined || token.value === '' || isNextFlag) {
    throw usageProblem(`${token.rawName} needs a value`, [`${token.rawName} ${flag.value}`])
  }
  if (flag.repeatable === true) return [...(Array.isArray(earlier) ? earlier : []), token.value]
  if (earlier !== undefined) throw usageProblem(`${token.rawName} is given twice`)
  return token.value
}

function unknownFlag(verb: string, rawName: string, flags: Flag[]) {
  const guess = nearest(
    rawName.replace(/^-+/, ''),
    flags.map(({ name }) => name),
  )
  return usageProblem(`unknown flag ${rawName} for ${verb}`, [
    ...(rawName === '--json' ? ['-o json   prints one document'] : []), // as other tools have it
    ...(guess === null ? [] : [`did you mean --${guess}?`]),
    `cutover ${verb} --help lists its flags`,
  ])
}
