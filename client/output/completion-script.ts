// Completion scripts for bash, zsh and fish. They ask cutover itself what may stand there (complete.ts), as kubectl's do: a word and
// what it is in each line, `:files` where the shell shall offer files. Pure.

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const SCRIPTS: Record<Shell, string> = {
  bash: `_cutover() {
  local word="\${COMP_WORDS[COMP_CWORD]}" value about
  COMPREPLY=()
  while IFS=$'\\t' read -r value about; do
    if [ "$value" = ":files" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("$value")
    fi
  done < <(cutover __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _cutover cutover`,
  zsh: `#compdef cutover
_cutover() {
  local value about
  local -a found
  while IFS=$'\\t' read -r value about; do
    if [[ $value == ":files" ]]; then _files; else found+=("\${value//:/\\\\:}:$about"); fi
  done < <(cutover __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe -V cutover found
}
compdef _cutover cutover`,
  fish: `function __cutover_complete
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  for line in (cutover __complete $words 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c cutover -f -a '(__cutover_complete)'`,
}

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]
}
