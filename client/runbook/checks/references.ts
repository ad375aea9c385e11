// References of a runbook: every connection and guard that is named exists and is of the right port.
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { PortName } from '../../../workflows/ports/index.ts'
import { kindOf } from '../../../workflows/steps/kind-of.ts'
import { valuesAt } from '../../../workflows/steps/values-at.ts'
import { didYouMean, oneOf } from '../suggestions.ts'
import { type Finding, quoted } from '../problem.ts'
import { type Use, connectionUses, entries, isObject, list, stepsOf } from '../uses.ts'

export function referenceFindings(runbook: JsonObject): Finding[] {
  const ports = declaredPorts(runbook)
  return [
    ...connectionUses(runbook).flatMap((use) => useFinding(use, ports)),
    ...list(runbook['terraform']).flatMap((state, index) => stateFindings(state, index, [...ports.keys()])),
    ...stepsOf(runbook).flatMap(({ kind, spec, path }) =>
      ['guards[]', ...(kindOf({ kind }).guards ?? [])].flatMap((field) =>
        valuesAt(spec, field).flatMap((each) => guardFinding(each.value, [...path, ...each.path], runbook)),
      ),
    ),
  ]
}

/** Connections that nothing names: a slip, or left over. Worth a word, not a refusal. */
export function unusedConnections(runbook: JsonObject): Finding[] {
  const used = new Set(connectionUses(runbook).map(({ name }) => name))
  return entries(runbook['connections'])
    .filter(([name]) => !used.has(name))
    .map(([name]) => ({
      path: ['connections', name],
      at: 'key',
      message: `nothing uses the connection ${name}`,
      fix: 'remove it',
    }))
}

/** The port of each declared connection as its provider id says it, even when the rest of the connection is wrong. */
function declaredPorts(runbook: JsonObject): Map<string, string | null> {
  return new Map(
    entries(runbook['connections']).map(([name, value]) => {
      const provider = isObject(value) ? value['provider'] : null
      return [
        name,
        typeof provider === 'string' && provider.includes('/') ? (provider.split('/')[0] ?? null) : null,
      ]
    }),
  )
}

function useFinding({ path, name, port }: Use, ports: Map<string, string | null>): Finding[] {
  const fitting = [...ports].filter(([, found]) => found === port).map(([fit]) => fit)
  if (!ports.has(name)) {
    const fix = didYouMean(name, [...ports.keys()]) ?? oneOf(fitting) ?? declare(port)
    return [{ path, message: `there is no connection ${quoted(name)}`, fix }]
  }
  const found = ports.get(name)
  if (found === port || found === null) return []
  const message = `${name} is a ${found} connection, a ${port} connection is needed here`
  return [{ path, message, fix: oneOf(fitting) ?? declare(port) }]
}

function declare(port: PortName): string {
  return `declare a ${port} connection under connections`
}

function guardFinding(name: unknown, path: Finding['path'], runbook: JsonObject): Finding[] {
  const names = entries(runbook['guards']).map(([guard]) => guard)
  if (typeof name !== 'string' || names.includes(name)) return []
  const fix = didYouMean(name, names) ?? oneOf(names) ?? 'declare it under guards'
  return [{ path, message: `there is no guard ${quoted(name)}`, fix }]
}

/** A state names connections only to tell targets of one name apart: that does not use them. */
function stateFindings(state: Json, index: number, names: string[]): Finding[] {
  return list(isObject(state) ? state['connections'] : undefined).flatMap((name, number) =>
    typeof name !== 'string' || names.includes(name)
      ? []
      : [
          {
            path: ['terraform', index, 'connections', number],
            message: `there is no connection ${quoted(name)}`,
            fix: didYouMean(name, names) ?? oneOf(names) ?? 'leave it out',
          },
        ],
  )
}
