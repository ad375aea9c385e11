// Which connection each part of a runbook uses, and for what. Reads the raw YAML content: a mistake elsewhere in a step
// must not hide a wrong reference in it.
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import type { StepKind } from '../../workflows/steps/schemas.ts'
import type { Path } from './problem.ts'

/** The port of a step's `connection`; null = the kind has none. */
const PORT_OF_STEP: Record<StepKind, PortName | null> = {
  announce: 'notify',
  check: 'probe',
  prewarm: 'capacity',
  ttl: 'dns',
  approve: null,
  shadow: 'traffic',
  canary: 'traffic',
  switch: 'traffic',
  repoint: 'dns',
  hold: null,
  decommission: 'capacity',
}

export type Use = { path: Path; name: string; port: PortName }

export function connectionUses(runbook: JsonObject): Use[] {
  return [
    ...entries(runbook['guards']).flatMap(([name, guard]) => use(guard, ['guards', name, 'from'], 'metrics')),
    ...list(runbook['notify']).flatMap((name, index) => named(name, ['notify', index], 'notify')),
    ...stepsOf(runbook).flatMap(({ kind, spec, path }) => stepUses(kind, spec, path)),
  ]
}

export type RawStep = { index: number; kind: StepKind; spec: JsonObject; path: Path }

/** The steps that are of a known kind and have fields; the others are refused elsewhere. */
export function stepsOf(runbook: JsonObject): RawStep[] {
  return list(runbook['steps']).flatMap((step, index) =>
    entries(step).flatMap(([kind, spec]) =>
      Object.hasOwn(PORT_OF_STEP, kind) && isObject(spec)
        ? [{ index, kind: kind as StepKind, spec, path: ['steps', index, kind] }]
        : [],
    ),
  )
}

function stepUses(kind: StepKind, spec: JsonObject, path: Path): Use[] {
  const port = PORT_OF_STEP[kind]
  return [
    ...(port === null ? [] : use(spec, [...path, 'connection'], port)),
    ...use(spec['idle_proof'] ?? null, [...path, 'idle_proof', 'from'], 'metrics'),
    ...list(spec['journeys']).flatMap((journey, index) =>
      use(journey, [...path, 'journeys', index, 'connection'], 'probe'),
    ),
  ]
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
