// The way to Temporal: the same environment variables and temporal.toml as the temporal CLI, a short connect timeout,
// and an error that says where the address came from. Knows nothing of runs.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { TemporalAccess } from './command.ts'
import { actorOf, identityOf } from './config.ts'
import type { Environment } from './config.ts'
import { Problem } from './problem.ts'

const CONNECT_TIMEOUT = '3s' // a server that is there answers in milliseconds; a person waits for this
const DEFAULT_ADDRESS = 'localhost:7233'
const DEFAULT_NAMESPACE = 'default'

export async function connect(env: Environment, as?: string): Promise<TemporalAccess> {
  const { connectionOptions, namespace = DEFAULT_NAMESPACE } = settings(env)
  const address = connectionOptions.address ?? DEFAULT_ADDRESS
  const identity = identityOf(actorOf(as, env))
  const { address: _given, tls, metadata, apiKey } = connectionOptions
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: CONNECT_TIMEOUT,
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata: metadata }),
      ...(apiKey === undefined ? {} : { apiKey: apiKey }),
    })
    return {
      client: new Client({ connection, namespace, identity }),
      namespace,
      address,
      close: () => connection.close(),
    }
  } catch (error) {
    throw unreachable(address, env, error)
  }
}

function settings(env: Environment) {
  try {
    const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
    return loadClientConnectConfig({ overrideEnvVars: given as Record<string, string> })
  } catch (error) {
    throw new Problem({
      what: 'the Temporal settings cannot be read',
      why: error instanceof Error ? error.message : String(error),
      todo: [`look at ${configFile(env)} and at the TEMPORAL_* environment variables`],
      cause: error,
    })
  }
}

function unreachable(address: string, env: Environment, cause: unknown): Problem {
  return new Problem({
    what: `no Temporal server answers at ${address}`,
    why: `address from ${sourceOfAddress(env)}; ${reasonOf(cause)}`,
    todo: [
      'cutover dev                      starts a Temporal dev server and a worker on this machine',
      'TEMPORAL_ADDRESS=host:port ...   uses another server',
    ],
    cause,
  })
}

function sourceOfAddress(env: Environment): string {
  if (env['TEMPORAL_ADDRESS'] !== undefined && env['TEMPORAL_ADDRESS'] !== '') return 'TEMPORAL_ADDRESS'
  const file = configFile(env)
  return existsSync(file) ? `${file} or the default` : 'the default'
}

function configFile(env: Environment): string {
  const folder =
    env['XDG_CONFIG_HOME'] ??
    (process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Application Support')
      : join(homedir(), '.config'))
  return env['TEMPORAL_CONFIG_FILE'] ?? join(folder, 'temporalio', 'temporal.toml')
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.includes('before the deadline') || text.includes('DEADLINE')
    ? `nothing within ${CONNECT_TIMEOUT}`
    : text
}
