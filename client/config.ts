// What the CLI takes from its environment, and who is sitting at it. The only file of the client that reads process.env.
import { hostname, userInfo } from 'node:os'
import { personKey } from '../workflows/people.ts'
import { usageProblem } from './problem.ts'

export type Environment = Record<string, string | undefined>

export function environment(): Environment {
  return process.env
}

/** What the CLI itself reads; the others are a worker's. */
export const OWN_VARIABLES = ['CUTOVER_ACTOR', 'CUTOVER_DEBUG', 'CUTOVER_PROVIDERS', 'CUTOVER_TEMPORAL_UI']

/** Variables of that form that are not the CLI's: a worker's, or a slip. */
export function strangersIn(env: Environment): string[] {
  return Object.keys(env).filter((name) => name.startsWith('CUTOVER_') && !OWN_VARIABLES.includes(name))
}

/** Who acts: `--as`, else CUTOVER_ACTOR, else the operating system's user. A name of blanks is nobody's. */
export function actorOf(as: string | undefined, env: Environment): string {
  const [source, name] = as === undefined ? ['CUTOVER_ACTOR', env['CUTOVER_ACTOR']] : ['--as', as]
  if (name === undefined || (name === '' && source !== '--as')) return systemUser(env)
  if (personKey(name) !== '') return name.trim()
  throw usageProblem(`${source} names nobody`, [source === '--as' ? '--as NAME' : 'CUTOVER_ACTOR=NAME'])
}

/** Seen by people in the Temporal UI next to every signal and update. */
export function identityOf(actor: string): string {
  return `cutover ${actor}@${hostname()}`
}

/** Whether stacks are shown. */
export function isDebugging(env: Environment): boolean {
  return env['CUTOVER_DEBUG'] === '1'
}

/** NO_COLOR (https://no-color.org) outranks FORCE_COLOR, which outranks what the stream is. */
export function wantsColor(env: Environment, isTerminal: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true
  return isTerminal && env['TERM'] !== 'dumb'
}

function systemUser(env: Environment): string {
  try {
    return userInfo().username
  } catch {
    return env['USER'] ?? 'unknown' // containers may run under an id that has no name
  }
}
