// Which connection each part of a runbook uses, and for what. Reads the raw YAML content: a mistake elsewhere in a step
// must not hide a wrong reference in it.
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { connectionsIn } from '../../workflows/steps/connections.ts'
import { isStepKind } from '../../workflows/steps/kind-of.ts'
import type { StepKind } from '../../workflows/steps/schemas.ts'
import type { Path } from './problem.ts'

export type Use = { path: Path; name: string; port: PortName }

export function connectionUses(runbook: JsonObject): Use[] {
  return [
    ...entries(runbook['guards']).flatMap(([name, guard]) => [
      ...use(guard, ['guards', name, 'from'], 'metrics'),
      ...use(guard, ['guards', name, 'of'], 'traffic'),
    ]),
    ...list(runbook['notify']).flatMap((name, index) => named(name, ['notify', index], 'notify')),
    ...stepsOf(runbook).flatMap(stepUses),
  ]
}

export type RawStep = { index: number; kind: StepKind; spec: JsonObject; path: Path }

/** The steps that are of a known kind and have fields; the others are refused elsewhere. */
export function stepsOf(runbook: JsonObject): RawStep[] {
  return list(runbook['steps']).flatMap((step, index) =>
    entries(step).flatMap(([kind, spec]) =>
      isStepKind(kind) && isObject(spec) ? [{ index, kind, spec, path: ['steps', index, kind] }] : [],
    ),
  )
}

function stepUses({ kind, spec, path }: RawStep): Use[] {
  return connectionsIn({ kind, spec }).map((each) => ({ ...each, path: [...path, ...each.path] }))
}

function use(holder: Json, path: Path, port: PortName): Use[] {
  const key = String(path.at(-1))
  return isObject(holder) ? named(holder[key], path, port) : []
}

function named(name: Json | undefined, path: Path, port: PortName): Use[] {
  return typeof name === 'string' ? [{ path, name, port }] : []
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function entries(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : []
}

export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}
