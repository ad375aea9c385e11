// cutover completion: prints the completion script of a shell. It asks nothing and starts nothing when used.
import { expectArgs, globalFlags } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

const SHELLS = ['bash', 'zsh', 'fish']

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
    const [shell = ''] = expectArgs(args, ['the shell'], this.usage)
    if (!SHELLS.includes(shell))
      throw usageProblem(`no completion for ${shell}`, [`one of ${SHELLS.join(', ')}`])
    const { verbs } = await import('../verbs.ts')
    const commands = await Promise.all(verbs.map(async (verb) => ({ verb, command: await verb.load() })))
    const words = commands.map(({ verb, command }) => ({
      name: verb.name,
      about: verb.about,
      flags: [...command.flags, ...globalFlags],
      takesFile: /\bFILE\b/.test(command.usage.split(' [')[0] ?? ''),
    }))
    const { completionScript } = await import('../output/completion-script.ts')
    out.line(completionScript(shell, words))
    return EXIT.done
  },
}
