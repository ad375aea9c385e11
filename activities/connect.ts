// From a planned connection to a port: finds the provider, parses the configuration, connects, keeps the result.
// Does no I/O itself. A worker that is older than a runbook says so here, by naming what it knows.
import type { z } from 'zod'
import { canonicalJson } from '../workflows/json.ts'
import type { Json } from '../workflows/json.ts'
import type { PlannedConnection } from '../workflows/plan.ts'
import { changingPorts } from '../workflows/ports/facts.ts'
import type { ChangingPort, PortName, Ports } from '../workflows/ports/index.ts'
import { failure } from './failure.ts'
import { fetchOf } from './private-http.ts'
import type { Deps, Provider } from './provider.ts'
import { findProvider } from './find-provider.ts'
import { specs } from './specs.ts'

const CONNECTIONS_KEPT_MAX = 1_000 // about one per run and connection; the longest unused goes first

export interface Registry {
  find(id: string): Provider | undefined
  known(): string[]
}

export const shippedProviders: Registry = {
  find: findProvider,
  known: () => (specs as readonly { id: string }[]).map((spec) => spec.id),
}

export interface Connector {
  /** The port of a connection. Raises Config: unknown provider, wrong port, configuration that does not parse. */
  portOf<P extends PortName>(connection: PlannedConnection, port: P): Ports[P]
  /** The port of a connection whose targets can change. */
  changingOf(connection: PlannedConnection): Ports[ChangingPort]
}

export function connector(deps: Deps, registry: Registry = shippedProviders): Connector {
  const kept = new Map<string, Ports[PortName]>()

  function connected(connection: PlannedConnection): Ports[PortName] {
    const { provider, port, config } = connection
    const key = canonicalJson({ provider, port, config })
    const known = kept.get(key) ?? connect(connection, deps, registry)
    kept.delete(key) // put back as the youngest
    kept.set(key, known)
    if (kept.size > CONNECTIONS_KEPT_MAX) kept.delete(kept.keys().next().value as string)
    return known
  }

  return {
    portOf<P extends PortName>(connection: PlannedConnection, port: P): Ports[P] {
      demandPort(connection, [port])
      return connected(connection) as Ports[P]
    },
    changingOf(connection) {
      demandPort(connection, changingPorts())
      return connected(connection) as Ports[ChangingPort]
    },
  }
}

function connect(connection: PlannedConnection, deps: Deps, registry: Registry): Ports[PortName] {
  const { name, provider: id, port, config } = connection
  const provider = registry.find(id)
  if (provider === undefined) {
    const known = registry.known().join(', ') || 'none'
    throw failure(
      'Config',
      `connection ${name}: this worker has no provider ${JSON.stringify(id)}; it knows: ${known}`,
    )
  }
  if (provider.spec.port !== port) {
    throw failure(
      'Config',
      `connection ${name}: ${id} is a ${provider.spec.port} provider, the plan says ${port}`,
    )
  }
  const parsed = provider.spec.config.safeParse(config satisfies Json)
  if (!parsed.success) throw failure('Config', `connection ${name} (${id}): ${problemsOf(parsed.error)}`)
  return provider.connect(parsed.data, { ...deps, fetch: fetchOf(parsed.data, deps) })
}

function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.map(String).join('.') || 'configuration'}: ${message}`)
    .join('; ')
}

function demandPort({ name, port, provider }: PlannedConnection, wanted: PortName[]): void {
  if (wanted.includes(port)) return
  const words = wanted.join(' or ')
  throw failure(
    'Config',
    `connection ${name} (${provider}) is a ${port} connection; a ${words} connection is needed here`,
  )
}
