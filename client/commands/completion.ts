// cutover completion: prints the completion script of a shell. Used, it asks for services, gates and runs.
import { expectArgs } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

export const completion: Command = {
  name: 'completion',
  usage: 'completion bash|zsh|fish',
  about: 'Print the completion script of a shell.',
  details: `bash: eval "$(cutover completion bash)"   in ~/.bashrc
zsh:  eval "$(cutover completion zsh)"    in ~/.zshrc, after compinit
fish: cutover completion fish > ~/.config/fish/completions/cutover.fish`,
  examples: [
    'cutover completion bash > /etc/bash_completion.d/cutover',
    'cutover completion zsh > "${fpath[1]}/_cutover"',
    'cutover completion fish > ~/.config/fish/completions/cutover.fish',
  ],
  flags: [],
  async run({ args, out }) {
    const [wanted = ''] = expectArgs(args, ['the shell'], this.usage)
    const { SHELLS, completionScript } = await import('../output/completion-script.ts')
    const shell = SHELLS.find((each) => each === wanted)
    if (shell === undefined)
      throw usageProblem(`no completion for ${wanted}`, [`one of ${SHELLS.join(', ')}`])
    out.line(completionScript(shell))
    return EXIT.done
  },
}
