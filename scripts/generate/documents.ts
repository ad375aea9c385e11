// What is generated out of the code itself: the JSON Schema of runbooks.
import { runbookJsonSchema } from '../../client/runbook/json-schema.ts'
import { allSpecs } from '../../client/runbook/load.ts'
import type { Files } from './lists.ts'

export function documents(): Files {
  return {
    'schema/runbook.json': `${JSON.stringify(runbookJsonSchema(allSpecs()), null, 2)}\n`,
  }
}
