// Guards: demanded where something changes, their numbers possible, their queries readable.
import type { ProviderSpec } from '../../../activities/provider.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { threshold } from '../../../workflows/quantities.ts'
import type { StepKind } from '../../../workflows/steps/schemas.ts'
import type { Parts } from '../parts.ts'
import type { Finding, Path } from '../problem.ts'
import { entries, isObject, stepsOf } from '../uses.ts'

const CHANGING: ReadonlySet<StepKind> = new Set([
  'prewarm',
  'ttl',
  'shadow',
  'canary',
  'switch',
  'repoint',
  'decommission',
])

export function guardDemand(runbook: JsonObject): Finding[] {
  const first = stepsOf(runbook).find(({ kind }) => CHANGING.has(kind))
  if (first === undefined || entries(runbook['guards']).length > 0) return []
  const message = `no guards: ${first.kind} changes the world, and nothing would send the run back`
  const fix = 'name at least one number to watch: errors: { from: prom, query: ..., max: 0.5% }'
  return [{ path: runbook['guards'] === undefined ? [] : ['guards'], message, fix }]
}

/** Queries of guards and of idle proofs whose metrics connection speaks PromQL. */
export async function queryFindings(runbook: JsonObject, specs: readonly ProviderSpec[]): Promise<Finding[]> {
  const queries = [
    ...entries(runbook['guards']).flatMap(([name, guard]) => [
      ...query(guard, 'query', ['guards', name]),
      ...query(guard, 'samples', ['guards', name]),
    ]),
    ...stepsOf(runbook).flatMap(({ spec, path }) =>
      query(spec['idle_proof'] ?? null, 'query', [...path, 'idle_proof']),
    ),
  ].filter(({ from }) => speaksPromql(from, runbook, specs))
  if (queries.length === 0) return []
  const { queryFault } = await import('./promql.ts') // the grammar costs start-up time that other runbooks need not pay
  return queries.flatMap(({ text, path }) => {
    const fault = queryFault(text)
    return fault === null ? [] : [{ path, ...fault }]
  })
}

export function impossibleLimits({ guards }: Parts): Finding[] {
  return guards
    .filter(({ min, max }) => min !== undefined && max !== undefined && threshold(min) > threshold(max))
    .map(({ name }) => ({
      path: ['guards', name, 'min'],
      message: 'min exceeds max: no reading could ever be good',
      fix: 'exchange them',
    }))
}

type Query = { text: string; from: string; path: Path }

function query(holder: Json, key: string, path: Path): Query[] {
  if (!isObject(holder)) return []
  const [text, from] = [holder[key], holder['from']]
  return typeof text === 'string' && typeof from === 'string' ? [{ text, from, path: [...path, key] }] : []
}

function speaksPromql(from: string, runbook: JsonObject, specs: readonly ProviderSpec[]): boolean {
  const connection = entries(runbook['connections']).find(([name]) => name === from)?.[1]
  const provider = isObject(connection) ? connection['provider'] : undefined
  const supports = specs.find(({ id }) => id === provider)?.supports
  return supports?.port === 'metrics' && supports.language === 'promql'
}
