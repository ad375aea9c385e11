// HTTP by a connection's own certificates and proxy. Reads the files before every call, so that a certificate that was
// renewed is used at once; a renewal that is half done leaves the last whole one in use. Used under `exchange`.
import { Agent, type Dispatcher, Pool, ProxyAgent, buildConnector, fetch as fetchBy } from 'undici'
import { canonicalJson } from '../workflows/json.ts'
import { failure, kindOf } from './failure.ts'
import { networkReason, statusKind } from './http.ts'
import type { PrivateHttp } from './private-config.ts'
import type { Deps } from './provider.ts'
import { type TlsMaterial, readTls } from './tls-files.ts'
import { type ConnectionProblem, causeOf, tlsProblem } from './tls-words.ts'

const IDLE_MS = 4_000 // an idle connection is closed after this: what it was opened with may have been renewed since

export type Fetch = typeof globalThis.fetch

/** How a connection is reached: what a request needs beside its address. */
export interface Way {
  /** Raises Config when the files were never of use. */
  dispatcher(): Promise<Dispatcher>
  /** What certificates or proxy have to do with an error of the connection; null = nothing. */
  problem(error: unknown): ConnectionProblem | null
}

export interface WayOptions {
  /** One connection per request, closed behind it. */
  isFresh?: boolean
  /** The name of the server, where `tls.server_name` does not say it. */
  serverName?: string
  /** Certificates that no runbook names as files; instead of those of `tls`. */
  material?: () => Promise<TlsMaterial>
}

/** The `fetch` of a connection: that of the worker where the connection is not private. Its failures are for `exchange`. */
export function fetchOf(config: PrivateHttp, deps: Deps): Fetch {
  if (config.tls === undefined && config.proxy === undefined) return deps.fetch
  return fetchThrough(wayOf(config, deps))
}

/** The `fetch` that goes this way. */
export function fetchThrough(way: Way): Fetch {
  return async (input, init) => {
    const dispatcher = await way.dispatcher()
    try {
      // The `fetch` of the same package: dispatchers do not fit those of other versions.
      return await fetchBy(input as string, { ...init, dispatcher } as object)
    } catch (error) {
      const problem = way.problem(error)
      throw problem === null ? error : failure(problem.kind, problem.reason, { cause: causeOf(error) })
    }
  }
}

export function wayOf(config: PrivateHttp, deps: Deps, options: WayOptions = {}): Way {
  let kept: { key: string; dispatcher: Dispatcher } | null = null
  let told: string | null = null

  async function current(): Promise<Dispatcher> {
    const material = { ...(await materialOf(config, deps)), ...(await options.material?.()) }
    const key = canonicalJson({ ...material })
    if (kept?.key !== key) kept = { key, dispatcher: dispatcherOf(config, material, options) }
    told = null
    return kept.dispatcher
  }

  return {
    async dispatcher() {
      try {
        return await current()
      } catch (error) {
        if (kept === null || kindOf(error) === null) throw error
        const { message } = error as Error
        if (message !== told) deps.log.warn(`going on with the certificates read before: ${message}`)
        told = message
        return kept.dispatcher
      }
    },
    problem: (error) => proxyProblem(error, config) ?? tlsProblem(error, config),
  }
}

type Material = TlsMaterial & { proxyAuth?: string }

async function materialOf({ tls, proxy_auth: proxyAuth }: PrivateHttp, { secrets }: Deps): Promise<Material> {
  return {
    ...(tls === undefined ? {} : await readTls(tls, secrets)),
    ...(proxyAuth === undefined ? {} : { proxyAuth: await secrets.read(proxyAuth) }),
  }
}

/** A superseded one is not closed, for a call may be about to use it: its idle connections end by themselves. */
function dispatcherOf(
  { tls, proxy }: PrivateHttp,
  { proxyAuth, ...material }: Material,
  { isFresh = false, serverName }: WayOptions,
): Dispatcher {
  const servername = tls?.server_name ?? serverName
  // No session is resumed: that would leave out the look at the certificate of the server.
  const connect = {
    ...material,
    ...(servername === undefined ? {} : { servername }),
    allowH2: false,
    maxCachedSessions: 0,
  }
  const options = {
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    ...(isFresh ? { pipelining: 0 } : {}),
  }
  if (proxy === undefined) return new Agent({ ...options, connect: telling(buildConnector(connect)) })
  const { ca } = material
  return new ProxyAgent({
    ...options,
    uri: proxy,
    factory: (origin, { connect: tunnel, ...rest }: { connect?: buildConnector.connector }) =>
      new Pool(origin, { ...rest, ...(tunnel === undefined ? {} : { connect: telling(tunnel) }) }),
    requestTls: connect,
    proxyTls: { ...(ca === undefined ? {} : { ca }), allowH2: false, maxCachedSessions: 0 },
    ...(proxyAuth === undefined ? {} : { token: `Basic ${Buffer.from(proxyAuth).toString('base64')}` }),
  })
}

/** undici forgets what a server said in TLS when the end of the connection follows: so the connection ends with what was said. */
function telling(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      socket?.on('error', () => socket.destroy())
      done(...([error, socket] as Parameters<buildConnector.Callback>))
    })
}

/** Not reached at all, or closed before it had answered. */
const NOT_REACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_PRX_CONN',
])
const PROXY_STATUS = /^Proxy (?:response|Authentication Required) \((\d{3})\)/ // undici tells the status in words only

function proxyProblem(error: unknown, { proxy, proxy_auth: auth }: PrivateHttp): ConnectionProblem | null {
  const cause = causeOf(error)
  if (proxy === undefined || cause === null || cause instanceof DOMException) return null
  const status = PROXY_STATUS.exec(cause.message)?.[1]
  if (status === undefined) {
    // What is behind the proxy is connected to by the proxy: whatever fails below TLS, fails on the way to it.
    return NOT_REACHED.has(codeIn(error))
      ? {
          kind: 'Unavailable',
          reason: `the proxy ${proxy} cannot be reached: ${networkReason(error, 0)}`,
          of: 'proxy',
        }
      : null
  }
  const todo =
    status !== '407'
      ? ''
      : auth === undefined
        ? ': name user:password in proxy_auth'
        : `: it does not take ${auth}`
  return {
    kind: statusKind(Number(status)),
    reason: `the proxy ${proxy} answers ${status}${todo}`,
    of: 'proxy',
  }
}

function codeIn(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && NOT_REACHED.has(code) ? code : codeIn(error.cause)
}
