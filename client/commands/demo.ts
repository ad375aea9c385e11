// cutover demo: the product's story on real servers on this machine. The lab it plays on is part of a checkout, not of the
// installed package, so it is started as a program of its own and never imported.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem } from '../problem.ts'

export const demo: Command = {
  name: 'demo',
  usage: 'demo [--act N] [--sim] [--yes]',
  about:
    'Move a real workload between real servers on this machine, and back when the new version misbehaves.',
  details: 'Needs a checkout of cutover: its servers are not part of the installed package.',
  examples: ['cutover demo', 'cutover demo --sim --yes'],
  flags: [
    { name: 'act', value: 'N', about: 'Only this act (1: forward, 2: breach, 3: killed worker)' },
    { name: 'sim', about: 'Simulated servers: needs nothing but Temporal' },
    { name: 'yes', about: 'Approve by itself' },
  ],
  async run({ args, flags, signal }) {
    const words = [
      ...(typeof flags['act'] === 'string' ? ['--act', flags['act']] : []),
      ...(flags['sim'] === true ? ['--sim'] : []),
      ...(flags['yes'] === true ? ['--yes'] : []),
      ...args,
    ]
    return await play(words, signal)
  },
}

async function play(words: string[], signal: AbortSignal): Promise<number> {
  const program = fileURLToPath(new URL('../../lab/demo/main.ts', import.meta.url))
  if (!existsSync(program)) {
    throw new Problem({
      what: 'the demo is not part of the installed package',
      why: 'it starts load balancers, name servers and fleets of a lab, which only a checkout has',
      todo: [
        'in a checkout of cutover: npm run demo',
        'here: cutover dev, then cutover start examples/drill.yaml (in the folder of the package) practises a run on a simulated world',
      ],
    })
  }
  const child = spawn(process.execPath, [program, ...words], { stdio: 'inherit' })
  const end = () => child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', end)
  return code ?? EXIT.failed
}
