// The parts of a runbook, each checked against its own schema: what is right of them, and every mistake in the others.
import { z } from 'zod'
import type { ProviderSpec } from '../../activities/provider.ts'
import { Guard } from '../../workflows/guards/schema.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { PlannedConnection, PlannedGuard, PlannedStep } from '../../workflows/plan.ts'
import { Name } from '../../workflows/scalars.ts'
import { type StepKind, stepSchemas } from '../../workflows/steps/schemas.ts'
import { issueFindings } from './issues.ts'
import { didYouMean, oneOf } from './suggestions.ts'
import { type Finding, type Path, quoted } from './problem.ts'
import { Frame } from './schema.ts'
import { entries, isObject, list } from './uses.ts'

export type Connection = PlannedConnection & { spec: ProviderSpec }
/** A step that is right by itself. */
export type Step = {
  [K in StepKind]: { kind: K; spec: PlannedStep<K>['spec']; index: number; path: Path }
}[StepKind]

export type Parts = {
  service: string
  description: string
  drain: string
  notify: string[]
  terraform?: Frame['terraform']
  connections: Connection[]
  guards: PlannedGuard[]
  steps: Step[]
}

type Checked<T> = { right: T[]; findings: Finding[] }

export function checkParts(
  runbook: JsonObject,
  specs: readonly ProviderSpec[],
): { parts: Parts; findings: Finding[] } {
  const frame = Frame.safeParse(runbook)
  const names = namesOf(runbook)
  const connections = each(entries(runbook['connections']), ([name, value]) =>
    checkConnection(name, value, specs),
  )
  const guards = each(entries(runbook['guards']), ([name, value]) => checkGuard(name, value))
  const steps = each([...list(runbook['steps']).entries()], ([index, value]) => checkStep(index, value))
  const frameFindings = frame.success
    ? []
    : issueFindings(frame.error.issues, { schema: Frame, value: runbook, base: [] })
  return {
    parts: {
      service: frame.data?.service ?? '',
      description: frame.data?.description ?? '',
      drain: frame.data?.drain ?? '5s',
      notify: frame.data?.notify ?? [],
      ...(frame.data?.terraform === undefined ? {} : { terraform: frame.data.terraform }),
      connections: connections.right,
      guards: guards.right,
      steps: steps.right,
    },
    findings: [...frameFindings, ...names, ...connections.findings, ...guards.findings, ...steps.findings],
  }
}

function each<T, R>(items: readonly T[], check: (item: T) => R | Finding[]): Checked<R> {
  const checked: Checked<R> = { right: [], findings: [] }
  for (const item of items) {
    const result = check(item)
    if (Array.isArray(result)) checked.findings.push(...result)
    else checked.right.push(result)
  }
  return checked
}

function namesOf(runbook: JsonObject): Finding[] {
  return (['connections', 'guards'] as const).flatMap((part) => {
    const schema = z.record(Name, z.unknown())
    const value = runbook[part]
    const result = isObject(value) ? schema.safeParse(value) : null
    return result?.error === undefined
      ? []
      : issueFindings(result.error.issues, { schema, value: value ?? null, base: [part] })
  })
}

function checkConnection(name: string, value: Json, specs: readonly ProviderSpec[]): Connection | Finding[] {
  const path = ['connections', name]
  const ids = specs.map(({ id }) => id)
  if (!isObject(value))
    return [
      {
        path,
        message: 'a connection is a mapping with a provider',
        fix: 'for example { provider: traffic/haproxy, ... }',
      },
    ]
  const { provider, ...config } = value
  if (provider === undefined)
    return [{ path: [...path, 'provider'], message: '"provider" is missing', fix: oneOf(ids) }]
  const spec = specs.find(({ id }) => id === provider)
  if (spec === undefined) {
    const typed = typeof provider === 'string' ? provider : JSON.stringify(provider) // a mapping may have a `toString` of its own
    const whole = ids.find((id) => id.endsWith(`/${typed}`)) ?? typed
    const real = ids.filter((id) => !id.endsWith('/sim')) // nobody who mistypes a server means a simulation
    const offered = /sim/.test(typed) ? ids : real
    const ofPort = offered.filter((id) => id.startsWith(`${typed.split('/')[0]}/`))
    const fix = [didYouMean(whole, offered), oneOf(ofPort.length > 0 ? ofPort : offered)]
      .filter((words) => words !== null)
      .join(' ')
    return [{ path: [...path, 'provider'], message: 'there is no such provider', fix }]
  }
  const result = spec.config.safeParse(config)
  if (!result.success)
    return issueFindings(result.error.issues, { schema: spec.config, value: config, base: path })
  const { landsWithin, showsWithin } =
    'landsWithin' in spec.supports ? spec.supports : { landsWithin: '0s', showsWithin: '0s' } // nothing to land where nothing changes
  return {
    name,
    provider: spec.id,
    port: spec.port,
    config: result.data,
    landsWithin,
    showsWithin,
    ...('noticesWithin' in spec.supports ? { noticesWithin: spec.supports.noticesWithin } : {}),
    spec,
  }
}

function checkGuard(name: string, value: Json): PlannedGuard | Finding[] {
  const result = Guard.safeParse(value)
  if (result.success) return { ...result.data, name }
  return issueFindings(result.error.issues, { schema: Guard, value, base: ['guards', name] })
}

function checkStep(index: number, value: Json): Step | Finding[] {
  const path = ['steps', index]
  const kinds = Object.keys(stepSchemas)
  const form = 'write it as "- hold: { for: 24h }"'
  if (typeof value === 'string')
    return [
      {
        path,
        message: 'a step is a mapping from its kind to its fields',
        fix: kinds.includes(value) ? `write it as "- ${value}: {}"` : form,
      },
    ]
  if (!isObject(value))
    return [{ path, message: 'a step is a mapping from its kind to its fields', fix: form }]
  const keys = Object.keys(value)
  const unknown = keys.filter((key) => !kinds.includes(key))
  const [kind] = keys.filter((key) => kinds.includes(key))
  if (kind === undefined && unknown.length === 0) return [{ path, message: 'the step is empty', fix: form }]
  if (kind === undefined) return unknown.slice(0, 1).map((key) => unknownKind(key, path, kinds))
  if (keys.length > 1)
    return tooManyKeys(
      keys.filter((key) => key !== kind),
      { kind, path, kinds },
    )
  const schema = stepSchemas[kind as StepKind]
  const result = schema.safeParse(value[kind])
  if (!result.success)
    return issueFindings(result.error.issues, { schema, value: value[kind] ?? null, base: [...path, kind] })
  return { index, kind: kind as StepKind, spec: result.data, path: [...path, kind] } as Step
}

function unknownKind(key: string, path: Path, kinds: string[]): Finding {
  const fix = [didYouMean(key, kinds), oneOf(kinds)].filter((words) => words !== null).join(' ')
  return { path: [...path, key], at: 'key', message: `there is no step kind ${quoted(key)}`, fix }
}

/** Usually a field that is not indented below its step, or a step without its dash. */
function tooManyKeys(others: string[], step: { kind: string; path: Path; kinds: string[] }): Finding[] {
  return others.map((key) => ({
    path: [...step.path, key],
    at: 'key',
    message: `a step is of one kind: this one is a ${step.kind} already`,
    fix: step.kinds.includes(key)
      ? `begin a step of its own: "- ${key}:"`
      : `indent ${key} below ${step.kind}`,
  }))
}
