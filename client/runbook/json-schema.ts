// The JSON Schema of a runbook, from the same zod schemas that check it.
import { z } from 'zod'
import type { ProviderSpec } from '../../activities/provider.ts'
import type { JsonObject } from '../../workflows/json.ts'
import { runbookSchema } from './schema.ts'

export function runbookJsonSchema(specs: readonly ProviderSpec[]): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(runbookSchema(specs), { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'cutover runbook', ...schema } as unknown as JsonObject
}
