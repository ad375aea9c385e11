// `cutover init`: writes a first runbook that validates as it is, with a comment where a value has to be changed.
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem, usageProblem } from '../problem.ts'

const FILE = 'cutover.yaml'

export const init: Command = {
  name: 'init',
  usage: 'init [FILE]',
  about: 'Write a first runbook, with comments that say what to change',
  details: `FILE is ${FILE} unless given. A file that exists is never overwritten.`,
  examples: ['cutover init orders.yaml'],
  flags: [],
  async run({ args, out }) {
    const [file = FILE, ...rest] = args
    if (rest.length > 0) throw usageProblem('init takes one FILE at most', ['cutover init [FILE]'])
    const { writeFile } = await import('node:fs/promises')
    const { starter } = await import('../runbook/starter.ts')
    try {
      await writeFile(file, starter, { flag: 'wx' }) // wx: an existing file is never touched, not even in a race
    } catch (error) {
      throw refusal(file, error as NodeJS.ErrnoException)
    }
    if (out.json) out.document({ file })
    else {
      out.line(`${file} written. Next:`)
      out.line(`  cutover validate ${file}          after every change`)
      out.line(`  cutover plan ${file} --offline    what it would do, without a server`)
    }
    return EXIT.done
  },
}

function refusal(file: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'EEXIST') {
    return new Problem({
      what: `${file} exists already`,
      why: 'it is not overwritten',
      todo: ['cutover init OTHER.yaml'],
      exitCode: EXIT.usage,
    })
  }
  return new Problem({ what: `${file} cannot be written`, why: error.code ?? error.message, cause: error })
}
