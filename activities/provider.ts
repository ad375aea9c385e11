// What a provider is: data that can be read offline (its spec, in schema.ts) and a function that connects (in index.ts).
import type { z } from 'zod'
import type { JsonObject } from '../workflows/json.ts'
import type { PortName, Ports, SupportsOf } from '../workflows/ports/index.ts'

/** Offline half: no client code may be reachable from here, so that `validate` starts fast and needs no backend. */
export interface ProviderSpec<P extends PortName = PortName, C extends JsonObject = JsonObject> {
  /** `<port>/<name>`: also its folder, its docs page and what runbooks write. */
  id: `${P}/${string}`
  port: P
  /** What it can, in a few words: for the table of providers. */
  summary: string
  config: z.ZodType<C>
  supports: SupportsOf<P>
  /**
   * Names of the real resources behind a connection, the same whoever names them and however: one run may hold each.
   * Empty for ports that change nothing. `target` as in the port (`split`, `api.example.com. A`, `new`).
   */
  locks(config: C, target: string): string[]
  /** What the account of the worker must be allowed to do in Kubernetes, there and back. Left out: nothing. */
  rules?(config: C, targets: UsedTargets): KubeRule[]
}

/** Targets of a connection by what becomes of them; those that are changed are looked at as well. */
export interface UsedTargets {
  changed: string[]
  looked: string[]
}

/** One line of a Role: what `cutover rbac` prints and `permits` asks for. */
export interface KubeRule {
  /** In words that tell clusters apart: the same for the same cluster in one runbook. */
  cluster: string
  namespace: string
  /** `apps`; empty for the core group. */
  group: string
  /** `deployments`, `deployments/scale`. */
  resource: string
  verbs: string[]
  /** Left out: all of them, as a list needs. */
  names?: string[]
}

/** What the worker lends every provider. No singletons, no process.env. */
export interface Deps {
  /** HTTP with the certificates and through the proxy of the connection, where its configuration names them (private-config.ts). */
  fetch: typeof globalThis.fetch
  now(): number
  log: { warn(message: string, facts?: JsonObject): void; debug(message: string, facts?: JsonObject): void }
  secrets: Secrets
  /** The one folder whose executables `command` providers may run; null = none. */
  commandFolder: string | null
}

export interface Secrets {
  /** Resolves `env:NAME` or `file:/path`. Raises Config that names the reference, never its content. */
  read(reference: string): Promise<string>
}

/** Online half. `connect` does no I/O; the port it returns does, one short call each. */
export interface Provider<P extends PortName = PortName, C extends JsonObject = JsonObject> {
  spec: ProviderSpec<P, C>
  connect(config: C, deps: Deps): Ports[P]
}

/** Keeps the types of a spec's own config while checking it against the interface. */
export function defineSpec<P extends PortName, C extends JsonObject>(
  spec: ProviderSpec<P, C>,
): ProviderSpec<P, C> {
  return spec
}

export function defineProvider<P extends PortName, C extends JsonObject>(
  provider: Provider<P, C>,
): Provider<P, C> {
  return provider
}
