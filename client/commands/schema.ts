// `cutover schema`: the JSON Schema of a runbook, for editors. The same text as schema/runbook.json.
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

export const schema: Command = {
  name: 'schema',
  usage: 'schema',
  about: 'Print the JSON Schema of a runbook, for editors',
  details:
    'Save it, and begin runbooks with the line\n  # yaml-language-server: $schema=./runbook.schema.json\nso that an editor completes and checks them.',
  examples: ['cutover schema > runbook.schema.json'],
  flags: [],
  async run({ args, env, out }) {
    if (args.length > 0)
      throw usageProblem('schema takes no arguments', ['cutover schema > runbook.schema.json'])
    const { runbookJsonSchema } = await import('../runbook/json-schema.ts')
    const { knownSpecs } = await import('../specs.ts')
    const document = runbookJsonSchema(await knownSpecs(env))
    if (out.json) out.document(document)
    else out.line(JSON.stringify(document, null, 2))
    return EXIT.done
  },
}
