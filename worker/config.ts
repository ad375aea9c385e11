// What the environment says about a worker. The only reader of CUTOVER_* variables of the worker; Temporal's own variables
// (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml ...) are read by its envconfig, as the `temporal` CLI does.
import { z } from 'zod'
import { SecretReference } from '../activities/config.ts'
import { packagesIn } from '../activities/installed.ts'
import { KubeName } from '../activities/kubernetes/config.ts'
import { milliseconds } from '../workflows/quantities.ts'
import { PositiveDuration } from '../workflows/scalars.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Address {
  host: string
  port: number
}

const PORT_MAX = 65_535
const CACHED_WORKFLOWS_DEFAULT = 2_000 // about 90 KiB of heap each; the SDK's own default can exhaust the heap
const MIRROR_KEEP_MS_MIN = 3_600_000 // far longer than the ten minutes for which an ended run is shown anew
const WATCHES_AT_ONCE_DEFAULT = 200 // a look is I/O of at most 4 s: 1,000 watches at 10 s need about 100 at once in the worst case

const Address = z.string().transform((text, context): Address | null => {
  if (text === 'off') return null
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host !== undefined && Number(port) <= PORT_MAX)
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
  context.addIssue({
    code: 'custom',
    message: 'not an address: write host:port (port 0 = any free one), or off',
  })
  return z.NEVER
})

const Count = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'not a count: write a whole number from 1')
  .transform(Number)

const References = z.string().transform((text, context): string[] => {
  const references = text.split(',').map((each) => each.trim())
  const wrong = references.filter((each) => !/^(env:[A-Za-z_]\w*\*?|file:\/[^*]*\*?)$/.test(each))
  if (wrong.length === 0) return references
  context.addIssue({
    code: 'custom',
    message: `not references to secrets: ${wrong.map((each) => JSON.stringify(each)).join(', ')}; write env:NAME or file:/path, with * at the end for more than one`,
  })
  return z.NEVER
})

const Packages = z.string().transform((text, context): string[] => {
  try {
    return packagesIn(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

/** Every variable of the worker: what it means and what holds when it is not set. */
export const VARIABLES = {
  CUTOVER_METRICS_ADDRESS: {
    about: 'Where /metrics and /healthz are served; off = nowhere',
    value: Address,
    fallback: '127.0.0.1:9469',
  },
  CUTOVER_SDK_METRICS_ADDRESS: {
    about: "Where the Temporal SDK's own metrics are served, 127.0.0.1:9470 say; off = nowhere",
    value: Address,
    fallback: 'off',
  },
  CUTOVER_COMMAND_FOLDER: {
    about: 'The one folder whose executables `command` providers may run; not set = none',
    value: z.string().regex(/^\//, 'not an absolute path'),
    fallback: null,
  },
  CUTOVER_SECRETS: {
    about:
      'Which secrets runbooks may refer to, as env:DNS_KEY,env:PROM_*,file:/run/secrets/*; not set = all but env:TEMPORAL_*',
    value: References,
    fallback: null,
  },
  CUTOVER_PROVIDERS: {
    about:
      'Packages of further providers, by name or path, separated by commas; for the worker and for the CLI',
    value: Packages,
    fallback: '',
  },
  CUTOVER_BUNDLE_FOLDER: {
    about:
      'Where the bundled workflow code is kept between starts; where nothing can be written it stays in memory',
    value: z.string().regex(/^\//, 'not an absolute path'),
    fallback: null,
  },
  CUTOVER_FLAGGER_ADDRESS: {
    about: 'Where the gates of Flagger are answered, 127.0.0.1:9471 say; off = nowhere',
    value: Address,
    fallback: 'off',
  },
  CUTOVER_FLAGGER_KUBECONFIG: {
    about:
      'Kubeconfig of the cluster whose gates are answered, as env:NAME or file:/path; not set = the account of the pod',
    value: SecretReference,
    fallback: null,
  },
  CUTOVER_MIRROR_NAMESPACE: {
    about:
      'Namespace of Kubernetes in which runs are shown as Cutover objects (kubectl get cutovers); not set = nowhere',
    value: KubeName,
    fallback: null,
  },
  CUTOVER_MIRROR_KUBECONFIG: {
    about: 'Kubeconfig for that, as file:/path or env:NAME; not set = the account of the pod',
    value: SecretReference,
    fallback: null,
  },
  CUTOVER_MIRROR_CONTEXT: {
    about: 'Context of that kubeconfig; not set = its current one',
    value: z.string().min(1),
    fallback: null,
  },
  CUTOVER_MIRROR_KEEP: {
    about: 'How long the object of a run is kept after its end, where a worker has made it',
    value: PositiveDuration.transform(milliseconds).refine((ms) => ms >= MIRROR_KEEP_MS_MIN, {
      message: 'at least 1h',
    }),
    fallback: '30d',
  },
  CUTOVER_MAX_CACHED_WORKFLOWS: {
    about: 'How many runs are kept in memory; the others are replayed when something happens to them',
    value: Count,
    fallback: String(CACHED_WORKFLOWS_DEFAULT),
  },
  CUTOVER_MAX_WATCHES: {
    about: 'How many looks of watches may run at the same moment',
    value: Count,
    fallback: String(WATCHES_AT_ONCE_DEFAULT),
  },
  CUTOVER_SHUTDOWN_GRACE: {
    about: 'How long calls under way may take to end after SIGTERM',
    value: PositiveDuration.transform(milliseconds),
    fallback: '30s',
  },
  CUTOVER_LOG: {
    about: 'Form of the log on standard error: text or json',
    value: z.enum(['text', 'json'], 'write text or json'),
    fallback: 'text',
  },
} as const satisfies Record<string, { about: string; value: z.ZodType; fallback: string | null }>

/** Of the CLI, of set-up and of the compose file: a worker has no use for them. */
const OTHERS = /^CUTOVER_(ACTOR|DEBUG|TEMPORAL_UI|CACHE|RETENTION|NIGHTLY|CI_BASE|POSTGRES_\w+|PDNS_\w+)$/

/** Variables that look like one of a worker's and are none: a slip, or one of another version. Secrets may be named so, too. */
export function unknownVariables(env: Environment, secrets: readonly string[] | null): string[] {
  const isSecret = (name: string) => secrets?.includes(`env:${name}`) === true
  return Object.keys(env).filter(
    (name) => name.startsWith('CUTOVER_') && !(name in VARIABLES) && !OTHERS.test(name) && !isSecret(name),
  )
}

export interface WorkerConfig {
  metricsAddress: Address | null
  /** Somebody named that address, and somebody else may rely on finding it there. */
  isMetricsAddressGiven: boolean
  sdkMetricsAddress: Address | null
  flaggerAddress: Address | null
  flaggerKubeconfig: string | null
  commandFolder: string | null
  providers: readonly string[]
  bundleFolder: string | null
  secrets: readonly string[] | null
  /** Null: runs are shown nowhere. */
  mirror: { namespace: string; kubeconfig: string | null; context: string | null; keepMs: number } | null
  maxCachedWorkflows: number
  maxWatches: number
  shutdownGraceMs: number
  log: 'text' | 'json'
}

export type ConfigRead = { config: WorkerConfig } | { problems: string[] }

/** All variables at once; every problem is named, not the first only. */
export function readConfig(env: Environment): ConfigRead {
  const problems: string[] = []
  const read = <N extends keyof typeof VARIABLES>(
    name: N,
  ): z.output<(typeof VARIABLES)[N]['value']> | null => {
    const { value, fallback } = VARIABLES[name]
    const text = env[name] === undefined || env[name] === '' ? fallback : env[name]
    if (text === null) return null
    const parsed = value.safeParse(text)
    if (parsed.success) return parsed.data as z.output<(typeof VARIABLES)[N]['value']>
    problems.push(
      `${name}=${JSON.stringify(text)}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`,
    )
    return null
  }
  const config: WorkerConfig = {
    metricsAddress: read('CUTOVER_METRICS_ADDRESS'),
    isMetricsAddressGiven: (env['CUTOVER_METRICS_ADDRESS'] ?? '') !== '',
    sdkMetricsAddress: read('CUTOVER_SDK_METRICS_ADDRESS'),
    flaggerAddress: read('CUTOVER_FLAGGER_ADDRESS'),
    flaggerKubeconfig: read('CUTOVER_FLAGGER_KUBECONFIG'),
    commandFolder: read('CUTOVER_COMMAND_FOLDER'),
    providers: read('CUTOVER_PROVIDERS') ?? [],
    bundleFolder: read('CUTOVER_BUNDLE_FOLDER'),
    secrets: read('CUTOVER_SECRETS'),
    mirror: mirrorIn({
      namespace: read('CUTOVER_MIRROR_NAMESPACE'),
      kubeconfig: read('CUTOVER_MIRROR_KUBECONFIG'),
      context: read('CUTOVER_MIRROR_CONTEXT'),
      keepMs: read('CUTOVER_MIRROR_KEEP') ?? 0,
      problems,
    }),
    maxCachedWorkflows: read('CUTOVER_MAX_CACHED_WORKFLOWS') ?? 0,
    maxWatches: read('CUTOVER_MAX_WATCHES') ?? 0,
    shutdownGraceMs: read('CUTOVER_SHUTDOWN_GRACE') ?? 0,
    log: read('CUTOVER_LOG') ?? 'text',
  }
  return problems.length > 0 ? { problems } : { config }
}

type GivenMirror = Record<'namespace' | 'kubeconfig' | 'context', string | null> & {
  keepMs: number
  problems: string[]
}

function mirrorIn({ problems, namespace, kubeconfig, context, keepMs }: GivenMirror): WorkerConfig['mirror'] {
  if (context !== null && kubeconfig === null)
    problems.push(
      'CUTOVER_MIRROR_CONTEXT: there is no kubeconfig: set CUTOVER_MIRROR_KUBECONFIG, or leave it out',
    )
  if (namespace !== null) return { namespace, kubeconfig, context, keepMs }
  if (kubeconfig !== null)
    problems.push('CUTOVER_MIRROR_KUBECONFIG: set CUTOVER_MIRROR_NAMESPACE as well, or leave it out')
  return null
}
