// The way to Temporal: the same environment variables and temporal.toml as the temporal CLI; patient with a server that
// is slow or restarts, and precise about one that cannot be reached. Knows nothing of runs.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import type { ConnectionOptions } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { formatDuration } from '../workflows/quantities.ts'
import type { OpenAccess } from './command.ts'
import { actorOf, identityOf } from './config.ts'
import type { Environment } from './config.ts'
import { Problem } from './problem.ts'
import { uiUrlOf } from './temporal-ui.ts'
import { temporalProblem } from './temporal-problem.ts'
import { whyUnreachable } from './temporal-reach.ts'
import type { Finding, TlsSettings } from './temporal-reach.ts'

const REACHED_WITHIN_MS = 30_000 // a server that restarts, a busy machine, a slow line; longer and a person would give up first
const SAY_AFTER_MS = 1_000 // a server that is there answers in milliseconds; silence beyond this looks like a hang
const LOOK_EVERY_MS = 3_000 // for the reason why it is not there; it may change while it starts
const AGAIN_AFTER_MS = 500 // a server that starts refuses calls before it answers them
const DEFAULT_ADDRESS = 'localhost:7233'
const DEFAULT_NAMESPACE = 'default'
/** gRPC itself would wait for up to two minutes between its tries. */
const CHANNEL = { 'grpc.initial_reconnect_backoff_ms': 300, 'grpc.max_reconnect_backoff_ms': 2_000 }

export type Reach = {
  as?: string | undefined
  /** Told what is waited for, once it takes longer than a moment. */
  progress?: (line: string) => void
  withinMs?: number
}

export async function connect(env: Environment, reach: Reach = {}): Promise<OpenAccess> {
  const { connectionOptions, namespace = DEFAULT_NAMESPACE } = settings(env)
  const address = connectionOptions.address ?? DEFAULT_ADDRESS
  const { tls, metadata, apiKey } = connectionOptions
  const options = {
    address,
    channelArgs: CHANNEL,
    ...(tls === undefined ? {} : { tls }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(apiKey === undefined ? {} : { apiKey }),
  }
  const connection = await reached(options, env, reach)
  const identity = identityOf(actorOf(reach.as, env))
  return {
    client: new Client({ connection, namespace, identity }),
    namespace,
    address,
    uiUrl: uiUrlOf(env, address),
    close: () => connection.close(),
  }
}

type Options = ConnectionOptions & { address: string }

/** Tries until the server answers, until the reason is one that waiting does not mend, or until the time is over. */
async function reached(options: Options, env: Environment, reach: Reach): Promise<Connection> {
  const { address } = options
  const withinMs = reach.withinMs ?? REACHED_WITHIN_MS
  const deadline = Date.now() + withinMs
  const over = new AbortController()
  let latest: Finding | null = null
  const search = watchForReasons(options, over.signal, (finding) => {
    if (finding.why !== latest?.why) {
      const rest = formatDuration(Math.max(0, Math.ceil((deadline - Date.now()) / 1_000)) * 1_000)
      reach.progress?.(`waiting for the Temporal server at ${address} (${rest} more): ${finding.why}`)
    }
    latest = finding
  })
  search.catch(() => {}) // heard at the next try
  try {
    for (;;) {
      const connection = Connection.lazy({ ...options, connectTimeout: Math.max(1, deadline - Date.now()) })
      try {
        await Promise.race([connection.ensureConnected(), search])
        return connection
      } catch (error) {
        await connection.close()
        if (error instanceof Final) throw unreachable(address, env, { finding: error.finding, tried: null })
        const refused = refusedBy(error)
        if (refused !== undefined) throw refused
        if (Date.now() >= deadline) {
          const finding: Finding = latest ?? (await whyUnreachable(address, tlsOf(options)))
          throw unreachable(address, env, { finding, tried: formatDuration(withinMs) })
        }
        await wait(AGAIN_AFTER_MS)
      }
    }
  } finally {
    over.abort()
  }
}

/** A reason that waiting does not mend ends the waiting. */
class Final extends Error {
  readonly finding: Finding
  constructor(finding: Finding) {
    super(finding.why)
    this.finding = finding
  }
}

/** Looks beside the tries; never resolves, rejects with what is final. */
async function watchForReasons(
  options: Options,
  over: AbortSignal,
  found: (finding: Finding) => void,
): Promise<never> {
  const never = new Promise<never>(() => {})
  for (let pauseMs = SAY_AFTER_MS; ; pauseMs = LOOK_EVERY_MS) {
    await wait(pauseMs, undefined, { signal: over, ref: false }).catch(() => undefined) // over: looked at next
    if (over.aborted) return await never
    const finding = await whyUnreachable(options.address, tlsOf(options))
    if (over.aborted) return await never
    if (finding.isFinal) throw new Final(finding)
    found(finding)
  }
}

/** The server answers and lets nobody in, or is not the one that is meant. */
function refusedBy(error: unknown): Problem | undefined {
  const problem = temporalProblem(error)
  return problem !== undefined && problem.isFinal ? problem : undefined
}

function tlsOf({ tls, apiKey }: Options): TlsSettings | null {
  if (tls === undefined || tls === null || tls === false) return apiKey === undefined ? null : {}
  if (tls === true) return {}
  const { serverRootCACertificate: ca, serverNameOverride: servername, clientCertPair } = tls
  return {
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(servername === undefined ? {} : { servername }),
    ...(clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
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

type ConnectAttempt = {
  finding: Finding
  /** Null: it was given up at once, for waiting does not mend it. */ tried: string | null
}

function unreachable(address: string, env: Environment, { finding, tried }: ConnectAttempt): Problem {
  const isChosen = isSet(env['TEMPORAL_ADDRESS'])
  const how = tried === null ? '' : `; tried for ${tried}`
  return new Problem({
    what: `no Temporal server answers at ${address}`,
    why: `${finding.why} (address from ${sourceOfAddress(env)}${how})`,
    todo: [
      ...(isChosen
        ? []
        : ['cutover dev                      starts a Temporal dev server and a worker on this machine']),
      ...(isChosen
        ? ['check TEMPORAL_ADDRESS (host:port of the gRPC frontend, often 7233) and TEMPORAL_TLS']
        : ['TEMPORAL_ADDRESS=host:port ...   uses another server']),
      'runs go on without this command; only what is said to them has to wait',
    ],
  })
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function sourceOfAddress(env: Environment): string {
  if (isSet(env['TEMPORAL_ADDRESS'])) return 'TEMPORAL_ADDRESS'
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
