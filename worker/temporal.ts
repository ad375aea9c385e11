// The connection to Temporal, by the same variables and `temporal.toml` as the `temporal` CLI.
// Raises a Refusal that says what was tried and what to do; never retries: whoever runs the worker restarts it. Connects
// anew when certificates or API key have changed; when that is, renewal.ts decides.
import { isDeepStrictEqual } from 'node:util'
import { Client } from '@temporalio/client'
import type { ClientConnectConfig } from '@temporalio/envconfig'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import type { Environment } from './config.ts'
import { Refusal } from './refusal.ts'

const ADDRESS_DEFAULT = '127.0.0.1:7233' // that of `temporal server start-dev`
const NAMESPACE_DEFAULT = 'default'
const CONNECT_MS_MAX = 10_000 // the SDK itself would wait for much longer without a word

export interface Temporal {
  address: string
  namespace: string
  /** The one of now. */
  readonly connection: NativeConnection
  /** Speaks over the connection of now. */
  client: Client
  /**
   * Reads the configuration again and, where it brings other certificates or another API key, connects by them: the
   * connection before, to be closed by the caller. null = they are as they were. Raises a Refusal; everything stays as it is then.
   */
  renew(): Promise<NativeConnection | null>
}

export async function connectTemporal(env: Environment): Promise<Temporal> {
  const { connectionOptions, namespace = NAMESPACE_DEFAULT } = readConnectConfig(env)
  const address = connectionOptions.address ?? ADDRESS_DEFAULT
  const isChosen = (env['TEMPORAL_ADDRESS'] ?? '') !== ''
  const connected = (options: ConnectionOptions): Promise<NativeConnection> =>
    inTime(NativeConnection.connect({ ...options, address }), { address, isChosen })
  let used = connectionOptions
  let current = await connected(used)
  return {
    address,
    namespace,
    get connection() {
      return current
    },
    client: new Client({ connection: following(() => current), namespace }),
    async renew() {
      const { tls, apiKey } = readConnectConfig(env).connectionOptions
      if (isDeepStrictEqual({ tls, apiKey }, { tls: used.tls, apiKey: used.apiKey })) return null
      // Whatever else was changed there needs a restart: a worker that has runs does not go to another server by itself.
      const { tls: _, apiKey: __, ...rest } = used
      const next = {
        ...rest,
        ...(tls === undefined ? {} : { tls }),
        ...(apiKey === undefined ? {} : { apiKey }),
      }
      const previous = current
      current = await connected(next)
      used = next
      return previous
    },
  }
}

type ConnectionOptions = ClientConnectConfig['connectionOptions']

/** A connection that is always the one of now. Clients cannot be given another one. */
function following(current: () => NativeConnection): NativeConnection {
  return new Proxy(current(), {
    get: (_, key) => {
      const value: unknown = Reflect.get(current(), key)
      return typeof value === 'function' ? (value.bind(current()) as unknown) : value
    },
  })
}

function readConnectConfig(env: Environment): ReturnType<typeof loadClientConnectConfig> {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(defined) })
  } catch (error) {
    throw new Refusal(
      2,
      `the Temporal configuration (TEMPORAL_* variables or temporal.toml) is wrong: ${wordsOf(error)}`,
      error,
    )
  }
}

type Place = {
  address: string
  /** By TEMPORAL_ADDRESS: another server is no answer then. */ isChosen: boolean
}

async function inTime(connecting: Promise<NativeConnection>, place: Place): Promise<NativeConnection> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${CONNECT_MS_MAX / 1_000} s`)),
    CONNECT_MS_MAX,
  )
  try {
    return await Promise.race([connecting, late.promise])
  } catch (error) {
    connecting.then((connection) => connection.close()).catch(() => {}) // told below; a late connection is of no use
    throw new Refusal(1, unreachable(place, wordsOf(error)), error)
  } finally {
    clearTimeout(timer)
  }
}

function unreachable({ address, isChosen }: Place, why: string): string {
  const todo = isChosen
    ? '  Check TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_* where needed)'
    : '  Set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_* where needed),\n' +
      '  or start a server for development: cutover dev'
  return `Temporal cannot be reached at ${address}: ${why}\n${todo}`
}

/** The native layer answers with its whole chain of causes in debug form; the innermost says it all. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const innermost = /message: "([^"]+)"/.exec(message)?.[1]
  return innermost ?? message.replaceAll(/\s+/g, ' ').trim()
}
