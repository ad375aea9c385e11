// A Temporal server as a cluster runs it: its state in PostgreSQL, its databases, namespace and search attributes made by
// the scripts of deploy/temporal, its settings those of docker-compose.yml. One process with all services; no UI.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireServer, temporalFolder } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { Postgres } from './postgres.ts'
import type { Temporal } from './temporal.ts'

const SCRIPTS = fileURLToPath(new URL('../../deploy/temporal/', import.meta.url))
const READY_WITHIN_MS = 60_000 // five seconds on an idle machine; longer when its database is being recovered
const NAMESPACE = 'default'
/** In the words of the server's own template; of each service the port for calls and that for membership. */
const PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_HTTP_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
  'PROMETHEUS_PORT',
] as const

type Ports = Record<(typeof PORTS)[number], number>

export type ClusterOptions = {
  /** Path of the dynamic configuration; that of deploy/temporal unless said. */
  dynamicConfig?: string
}

export async function startTemporalCluster(
  database: Postgres,
  { dynamicConfig = join(SCRIPTS, 'dynamicconfig', 'cutover.yaml') }: ClusterOptions = {},
): Promise<Temporal> {
  const { host, port, user, password } = database
  const tools = [dirname(requireServer('temporal-sql-tool')), dirname(requireServer('temporal'))]
  const runs = (script: string, env: Record<string, string>) => runScript(script, { env, tools })
  await runs('create-databases.sh', {
    SQL_HOST: host,
    SQL_PORT: String(port),
    SQL_USER: user,
    SQL_PASSWORD: password,
    TEMPORAL_SCHEMA: join(temporalFolder, 'schema'),
  })
  const command = requireServer('temporal-server')
  const { chosen, server } = await startServer<Ports>(
    'temporal',
    async () => {
      const ports = await freePorts(PORTS.length)
      return Object.fromEntries(PORTS.map((name, index) => [name, ports[index]])) as Ports
    },
    (ports) => ({
      command,
      args: ['--allow-no-auth', 'start'],
      env: {
        DB: 'postgres12',
        DB_PORT: String(port),
        POSTGRES_SEEDS: host,
        POSTGRES_USER: user,
        POSTGRES_PWD: password,
        BIND_ON_IP: '127.0.0.1',
        DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
        LOG_LEVEL: 'error',
        PROMETHEUS_ENDPOINT: `127.0.0.1:${ports.PROMETHEUS_PORT}`,
        ...Object.fromEntries(Object.entries(ports).map(([name, each]) => [name, String(each)])),
      },
      readyWithinMs: READY_WITHIN_MS,
      isReady: () => isServing(ports.FRONTEND_HTTP_PORT),
    }),
  )
  const address = `127.0.0.1:${chosen.FRONTEND_GRPC_PORT}`
  try {
    await runs('create-namespace.sh', { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE })
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    server,
    address,
    namespace: NAMESPACE,
    uiUrl: null,
    metricsUrl: `http://127.0.0.1:${chosen.PROMETHEUS_PORT}/metrics`,
  }
}

/** Another namespace, as an operator makes one. */
export async function createNamespace(
  { address }: Pick<Temporal, 'address'>,
  { namespace, retention }: { namespace: string; retention: string },
): Promise<void> {
  await runScript('create-namespace.sh', {
    env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, CUTOVER_RETENTION: retention },
    tools: [dirname(requireServer('temporal'))],
  })
}

async function runScript(
  script: string,
  { env, tools }: { env: Record<string, string>; tools: string[] },
): Promise<void> {
  const path = [...tools, process.env['PATH'] ?? ''].join(':')
  await promisify(execFile)('sh', [join(SCRIPTS, script)], { env: { ...process.env, ...env, PATH: path } })
}

/** The frontend answers and its namespaces can be read, so the database is there as well. */
async function isServing(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/api/v1/namespaces`)).ok
}
