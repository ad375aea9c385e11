// Help texts: of the whole CLI and of one verb. Pure string builders.
import { globalFlags } from './arguments.ts'
import type { Command, Flag } from './command.ts'
import { folded, unbroken } from './output/fold-text.ts'
import type { Verb } from './verbs.ts'

export function overview(
  verbs: Verb[],
  { version, width: room }: { version: string; width: number },
): string {
  const width = Math.max(...verbs.map(({ name }) => name.length))
  const groups = [...new Set(verbs.map(({ group }) => group))]
  const sections = groups.map((group) => {
    const lines = verbs.filter((verb) => verb.group === group)
    return [group, ...lines.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)].join('\n')
  })
  const text = [
    `cutover ${version}: moves a live workload from an old home to a new one, and back again when it must`,
    '',
    'Usage: cutover <verb> [arguments] [flags]',
    '',
    sections.join('\n\n'),
    '',
    'Flags',
    ...flagLines(globalFlags),
    '',
    'Exit codes',
    '  0  done',
    '  1  failed, nothing was changed',
    '  2  wrong use or invalid runbook',
    '  3  aborted and restored',
    '  4  a person is needed',
    '  5  failed, all that was changed is back',
    '',
    'Where Temporal is: these flags, else TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, else temporal.toml, ' +
      'as for the temporal CLI. `cutover <verb> --help` tells more.',
    'What to do when a run asks, and the words that are used: docs/stuck.md and docs/glossary.md of this package.',
  ].join('\n')
  return folded(text, room)
}

export function helpOf(command: Command, width: number): string {
  const text = [
    command.about,
    '',
    `Usage: cutover ${command.usage}`,
    ...(command.details === undefined ? [] : ['', unbroken(command.details.trim())]),
    '',
    'Examples',
    ...command.examples.map((line) => `  ${line}`),
    ...(command.flags.length === 0 ? [] : ['', 'Flags', ...flagLines(command.flags)]),
    '',
    'Everywhere',
    ...flagLines(globalFlags),
  ].join('\n')
  return folded(text, width)
}

function flagLines(flags: Flag[]): string[] {
  const left = flags.map((flag) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `
    return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
  })
  const width = Math.max(...left.map((text) => text.length))
  return flags.map((flag, index) => `  ${left[index]?.padEnd(width)}  ${flag.about}`)
}
