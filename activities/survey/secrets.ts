// Reads every secret that a connection refers to, once, and says which cannot be read. Their contents go nowhere.
import type { Json } from '../../workflows/json.ts'
import type { TrialAnswer } from '../../workflows/trial.ts'
import { isSecretReference } from '../config.ts'
import { failure, kindOf } from '../failure.ts'
import type { Secrets } from '../provider.ts'

/** Raises the kind of the first that cannot be read, with the words of all of them. */
export async function trySecrets(config: Json, secrets: Secrets): Promise<TrialAnswer> {
  const references = [...new Set(referencesIn(config))]
  const outcomes = await Promise.allSettled(references.map((reference) => secrets.read(reference)))
  const failed = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  )
  const [first] = failed
  if (first === undefined)
    return { text: references.length === 0 ? '' : `${references.join(', ')} can be read`, notes: [] }
  if (failed.length === 1) throw first
  throw failure(kindOf(first) ?? 'Bug', failed.map((error) => (error as Error).message).join('; '))
}

function referencesIn(value: Json): string[] {
  if (typeof value === 'string') return isSecretReference(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(referencesIn)
}
