// Where an API server is and what is shown to it, found anew for every call: tokens of pods are renewed every hour, kubeconfigs
// and certificates are replaced. Keeps no secret longer than the program that handed it out says.
import { readFile } from 'node:fs/promises'
import { failure } from '../failure.ts'
import { type Fetch, type Way, fetchThrough, wayOf } from '../private-http.ts'
import type { Deps } from '../provider.ts'
import { type TlsMaterial, readTls } from '../tls-files.ts'
import type { KubernetesAccess } from './config.ts'
import { type Credential, execCredentials } from './exec-plugin.ts'
import { type Access, type Pem, accessIn } from './kubeconfig.ts'

const POD = '/var/run/secrets/kubernetes.io/serviceaccount' // where every pod finds the account it runs under
const POD_SERVER = 'https://kubernetes.default.svc' // in the certificate of every API server

export interface Entrance {
  server: string
  headers: Record<string, string>
  fetch: Fetch
  /** What must stand in no message. */
  secrets: string[]
  /** Whether another try would show another credential: the program that hands them out is asked again. */
  renews: boolean
}

export interface Credentials {
  /** Raises Config (what is named is not there or not right), Denied, Unavailable. */
  enter(signal: AbortSignal): Promise<Entrance>
  /** The API server did not take what was shown. */
  refused(): void
}

export function credentialsOf(config: KubernetesAccess, deps: Deps): Credentials {
  const plugin = execCredentials(deps)
  let way: { key: string; fetch: Fetch } | null = null
  let material: TlsMaterial = {}
  let last: { text: string; access: Access } | null = null

  /** The file is read for every call, and parsed when it is another one: that takes longer than the call. */
  const read: typeof accessIn = (text, of) => {
    if (last?.text !== text) last = { text, access: accessIn(text, of) }
    return last.access
  }

  /** One way for as long as it leads to the same place: its connections are used again. */
  function fetchTo({ serverName, proxy, authorization }: Destination): Fetch {
    const key = JSON.stringify([serverName, proxy, authorization])
    if (way?.key !== key) {
      const of: Way = wayOf(
        {
          ...(proxy === undefined ? {} : { proxy }),
          ...(authorization === undefined ? {} : { proxy_auth: authorization }),
        },
        deps,
        { ...(serverName === undefined ? {} : { serverName }), material: async () => material },
      )
      way = { key, fetch: fetchThrough(of) }
    }
    return way.fetch
  }

  return {
    async enter(signal) {
      const access = await accessOf(config, deps, read)
      const handed = access.exec === undefined ? {} : await plugin.current(access.exec, access, signal)
      const token = handed.token ?? (await tokenOf(access, deps))
      material = await materialOf(access, handed, { config, deps })
      return {
        server: access.server,
        headers: {
          ...access.headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        fetch: fetchTo({
          serverName: access.serverName,
          proxy: access.proxy,
          authorization: config.proxy_auth,
        }),
        secrets: [token, handed.key, material.key].filter((secret) => secret !== undefined),
        renews: access.exec !== undefined,
      }
    },
    refused: () => plugin.forget(),
  }
}

interface Destination {
  serverName: string | undefined
  proxy: string | undefined
  authorization: string | undefined
}

async function accessOf(config: KubernetesAccess, deps: Deps, read: typeof accessIn): Promise<Access> {
  const { kubeconfig, context, server, token, tls, proxy } = config
  if (kubeconfig !== undefined)
    return read(await deps.secrets.read(kubeconfig), { reference: kubeconfig, context })
  if (server === undefined)
    return { server: POD_SERVER, tokenFile: `${POD}/token`, ca: { path: `${POD}/ca.crt` }, headers: {} }
  return {
    server: server.replace(/\/+$/, ''),
    headers: {},
    ...(token === undefined ? {} : { token: await deps.secrets.read(token) }),
    ...(tls?.server_name === undefined ? {} : { serverName: tls.server_name }),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

async function tokenOf({ token, tokenFile }: Access, { secrets }: Deps): Promise<string | undefined> {
  return tokenFile === undefined ? token : await secrets.read(`file:${tokenFile}`)
}

async function materialOf(
  { ca, cert, key }: Access,
  handed: Credential,
  { config, deps }: { config: KubernetesAccess; deps: Deps },
): Promise<TlsMaterial> {
  if (config.kubeconfig === undefined && config.tls !== undefined)
    return await readTls(config.tls, deps.secrets)
  const [authority, certificate, secret] = await Promise.all([
    ca === undefined ? undefined : textOf(ca),
    handed.cert ?? (cert === undefined ? undefined : textOf(cert)),
    handed.key ??
      (key === undefined ? undefined : 'text' in key ? key.text : deps.secrets.read(`file:${key.path}`)),
  ])
  return {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(secret === undefined ? {} : { key: secret }),
  }
}

async function textOf(pem: Pem): Promise<string> {
  if ('text' in pem) return pem.text
  try {
    return await readFile(pem.path, 'utf8')
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw failure('Config', `certificate ${pem.path} cannot be read by the worker: ${code}`, { cause: error })
  }
}
