// Completion scripts for bash, zsh and fish out of the verb table. Pure.
import type { Flag } from '../command.ts'

export type CompletedVerb = { name: string; about: string; flags: Flag[]; takesFile: boolean }

export function completionScript(shell: string, verbs: CompletedVerb[]): string {
  if (shell === 'fish') return fish(verbs)
  return shell === 'zsh' ? zsh(verbs) : bash(verbs)
}

function bash(verbs: CompletedVerb[]): string {
  const cases = verbs.map(({ name, flags, takesFile }) => {
    const words = flags.map((flag) => `--${flag.name}`).join(' ')
    const files = takesFile ? ' COMPREPLY+=( $(compgen -f -- "$word") );' : ''
    return `    ${name}) COMPREPLY=( $(compgen -W "${words}" -- "$word") );${files} ;;`
  })
  return `_cutover() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$previous" = -o ] || [ "$previous" = --output ]; then
    COMPREPLY=( $(compgen -W "text json" -- "$word") ); return
  fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=( $(compgen -W "${verbs.map(({ name }) => name).join(' ')}" -- "$word") ); return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -F _cutover cutover`
}

function zsh(verbs: CompletedVerb[]): string {
  const names = verbs.map(({ name, about }) => `    ${quote(`${name}:${about.replaceAll(':', '\\:')}`)}`)
  const cases = verbs.map(({ name, flags, takesFile }) => {
    const specs = flags.map((flag) =>
      quote(
        `--${flag.name}[${flag.about.replaceAll(/[[\]]/g, ' ').replaceAll(':', '\\:')}]${flag.value === undefined ? '' : `:${flag.value.replaceAll(':', ' ')}:`}`,
      ),
    )
    return `    ${name}) _arguments ${[...specs, ...(takesFile ? ["'*:file:_files'"] : [])].join(' ')} ;;`
  })
  return `#compdef cutover
_cutover() {
  local -a verbs
  verbs=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe verb verbs; return; fi
  local verb=$words[2]
  shift words; (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
compdef _cutover cutover`
}

function fish(verbs: CompletedVerb[]): string {
  const lines = verbs.flatMap(({ name, about, flags, takesFile }) => [
    `complete -c cutover -f -n __fish_use_subcommand -a ${name} -d ${quote(about)}`,
    ...flags.map((flag) => {
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`
      const value = flag.value === undefined ? '' : ' -x'
      return `complete -c cutover -n '__fish_seen_subcommand_from ${name}' -l ${flag.name}${short}${value} -d ${quote(flag.about)}`
    }),
    `complete -c cutover ${takesFile ? '-F' : '-f'} -n '__fish_seen_subcommand_from ${name}'`,
  ])
  return lines.join('\n')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
