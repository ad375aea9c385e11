// cutover demo: the product's story on real servers on this machine.
import type { Command } from '../command.ts'

export const demo: Command = {
  name: 'demo',
  usage: 'demo [--act N] [--sim] [--yes]',
  about:
    'Move a real workload between real servers on this machine, and back when the new version misbehaves.',
  flags: [
    { name: 'act', value: 'N', about: 'Only this act (1: forward, 2: breach, 3: killed worker)' },
    { name: 'sim', about: 'Simulated servers: needs nothing but Temporal' },
    { name: 'yes', about: 'Approve by itself' },
  ],
  async run({ args, flags, signal }) {
    const { runDemo } = await import('../../lab/demo/main.ts')
    const words = [
      ...(typeof flags['act'] === 'string' ? ['--act', flags['act']] : []),
      ...(flags['sim'] === true ? ['--sim'] : []),
      ...(flags['yes'] === true ? ['--yes'] : []),
      ...args,
    ]
    return await runDemo(words, signal)
  },
}
