// Under which name the program was called: as itself, or as the plugin of another (`kubectl cutover`, `temporal cutover`). What it
// says of itself then begins with that; flags of kubectl that mean something else here are refused, never taken for ours. Pure.
import { basename } from 'node:path'
import type { Flag } from './command.ts'
import { usageProblem } from './problem.ts'
import { verbs } from './verbs.ts'

export type Program = {
  /** As it is typed: `kubectl cutover`. */
  typed: string
  /** Asked by kubectl what may be typed next. */
  isCompletion: boolean
}

const PLUGINS: { [file: string]: Program } = {
  'kubectl-cutover': { typed: 'kubectl cutover', isCompletion: false },
  'kubectl_complete-cutover': { typed: 'kubectl cutover', isCompletion: true },
  'temporal-cutover': { typed: 'temporal cutover', isCompletion: false },
}
const ITSELF: Program = { typed: 'cutover', isCompletion: false }
/** What kubectl itself takes of them, and people write behind a plugin. */
const OF_KUBECTL = ['-n', '--namespace', '--context', '--kubeconfig', '--cluster', '--server', '--token']
const COMMAND = new RegExp(
  `(^|[\\s\`('"])cutover (?=(?:<verb>|--help|${verbs.map(({ name }) => name).join('|')})(?![\\w/-]))`,
  'gm',
)

/** `path`: of the file that was run, as it was called. */
export function programOf(path: string | undefined): Program {
  return PLUGINS[basename(path ?? '').replace(/\.(?:js|cmd|exe)$/, '')] ?? ITSELF
}

/** Command lines in a text, as this program is called. */
export function asCalled(text: string, { typed }: Program): string {
  return typed === ITSELF.typed ? text : text.replaceAll(COMMAND, (_, before: string) => `${before}${typed} `)
}

/** `own`: flags of the verb, which mean what they say. */
export function demandNoneOfKubectl(words: readonly string[], own: readonly Flag[], program: Program): void {
  if (program.typed !== PLUGINS['kubectl-cutover']?.typed) return
  const end = words.indexOf('--')
  const given = (end === -1 ? words : words.slice(0, end)).find((word) => {
    const name = /^-n(?!-)/.test(word) ? '-n' : word.replace(/=.*$/s, '')
    return OF_KUBECTL.includes(name) && !own.some((flag) => name === `--${flag.name}`)
  })
  if (given === undefined) return
  throw usageProblem(`${given.replace(/=.*$/s, '')} of kubectl means nothing to cutover`, [
    'which cluster and namespace a run changes stands in its runbook: kubeconfig, context and namespace of the connections',
    "where Temporal is: --address, --profile, and TEMPORAL_NAMESPACE in place of cutover's own --namespace",
  ])
}
